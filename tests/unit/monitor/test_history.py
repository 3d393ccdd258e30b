"""The recorder: changes are listed, counted, logged and stored, and an error costs no observation."""

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from exporter.core.history.change import KINDS, Change
from exporter.core.history.change_log import Selection
from exporter.core.history.detector import ChangeDetector
from exporter.core.network.result import NetworkResult
from exporter.metrics.changes import families
from exporter.monitor.history import HistoryRecorder
from exporter.monitor.monitor import Monitor
from tests.support.changing_hosts import died, docker, host, seen, web
from tests.support.findings import evaluation, network_finding
from tests.support.kernel.fake_kernel import FakeKernel

DOWN = network_finding("bridge_down", "critical", "front", "br-front", "the bridge is down")
LOW = network_finding("addresses_low", "info", "front", "172.18.0.0/30", "one address is left")
QUIET = replace(seen(docker(web()), host()), network=NetworkResult(evaluation(kinds=("bridge_down", "addresses_low"))))


def test_changes_of_inventories_and_observations_are_in_one_list_and_counted() -> None:
    stored: list[Change] = []
    recorder = HistoryRecorder(100, stored.extend)
    monitor = Monitor(FakeKernel(host()), history=recorder)
    monitor.update_inventory(docker(web()))
    assert monitor.observe().changes == dict.fromkeys(KINDS, 0)
    monitor.update_inventory(docker(died(web(), 1)))
    changes = monitor.observe().changes
    assert changes == {**dict.fromkeys(KINDS, 0), "container_died": 1}
    assert [one.kind for one in recorder.select(Selection())] == [one.kind for one in stored] == ["container_died"]


def test_without_a_history_nothing_is_counted() -> None:
    observation = Monitor(FakeKernel(host())).observe()
    assert observation.changes is None
    assert list(families(observation)) == []


def test_the_counter_has_every_kind() -> None:
    (family,) = families(replace(QUIET, changes=dict.fromkeys(KINDS, 0)))
    assert {sample.labels["kind"] for sample in family.samples if sample.name.endswith("_total")} == set(KINDS)


def test_a_finding_is_one_entry_of_the_log_when_it_begins_and_one_when_it_ends() -> None:
    times = iter([0.0, 100.0, 101.0, 160.0, 161.0])
    recorder = HistoryRecorder(100, clock=lambda: next(times))
    recorder.update_inventory(QUIET.topology.inventory)
    faulty = replace(QUIET, network=NetworkResult(evaluation(DOWN, LOW, kinds=("bridge_down", "addresses_low"))))
    with capture_logs() as entries:
        for observation in (QUIET, faulty, QUIET):
            recorder.observe(observation)
    assert [
        (entry["event"], entry["log_level"], entry["kind"], entry["severity"], entry["seconds"]) for entry in entries
    ] == [
        ("finding began", "warning", "bridge_down", "critical", 0.0),
        ("finding began", "info", "addresses_low", "info", 0.0),
        ("finding ended", "info", "bridge_down", "critical", 1.0),
        ("finding ended", "info", "addresses_low", "info", 1.0),
    ]
    assert entries[0]["labels"] == {"network": "front", "subject": "br-front"}
    assert (entries[0]["subject"], entries[0]["detail"]) == ("br-front", "the bridge is down")


def test_an_error_costs_the_changes_and_no_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = HistoryRecorder(100)
    recorder.update_inventory(QUIET.topology.inventory)
    with monkeypatch.context() as planted, capture_logs() as entries:
        planted.setattr(ChangeDetector, "observe", lambda *_: 1 / 0)
        assert recorder.observe(QUIET).topology is QUIET.topology
    assert [entry["event"] for entry in entries] == ["changes not detected, comparing from now on"]
    recorder.update_inventory(docker())
    assert recorder.select(Selection()) == []
    recorder.update_inventory(docker(web()))
    assert [one.kind for one in recorder.select(Selection())] == ["container_started"]
