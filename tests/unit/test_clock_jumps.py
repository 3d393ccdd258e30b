"""Unix time that is set back or forward by an hour: what lasts, ages and rates are those of a clock that only rises."""

import queue
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, cast

import pytest
from msgspec.structs import replace

from exporter.app.observation_cache import ObservationCache
from exporter.app.page_handlers import PageHandlers
from exporter.app.reach_worker import ReachWorker
from exporter.config import Config
from exporter.core.connections.pair import Pair
from exporter.core.connections.reading import Reading
from exporter.core.history.change import FINDING_ENDED, ROUTE_CHANGED, Change
from exporter.core.history.detector import ChangeDetector
from exporter.core.model.kernel_sample import KernelSample, SourceState
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.ports.bind_failures import BindFailureCounts, RefusedBind
from exporter.core.ports.claims import port_claims
from exporter.core.ports.container_failures import SETTLE_SECONDS, START_SECONDS, recently_started, with_waiting
from exporter.core.ports.evaluator import PortEvaluator
from exporter.core.ports.refused_binds import RefusedBinds
from exporter.core.topology.topology import join
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.event_reader import EventReader
from exporter.monitor.collector import Facts
from exporter.monitor.connections import ConnectionCollector, ConnectionPart
from exporter.monitor.history import HistoryRecorder
from tests.support.builders import device, devices, inventory
from tests.support.changing_hosts import docker, host, route, seen, web
from tests.support.connection_rows import FORGET, HOST_COOKIE, Lab, end, row, shop
from tests.support.findings import evaluation, network_finding
from tests.support.port_hosts import DEVICES, NETWORKS, NOW, details, publishes, readings, runs

HOUR = 3600.0
WEB_DB = Pair("web", "db", "container", "5432", "client")
REFUSED = RefusedBind(9, "web-id", 1, 100, "nginx", "tcp", "0.0.0.0", 8080, NOW)
UNSERVED = readings(inside={"web": ()})


def test_ticks_of_the_page_do_not_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Observations:
        def recent(self) -> Observation:
            return seen(docker(web()), host())

        fresh = recent

    handlers = PageHandlers(
        Config(), cast("ObservationCache", Observations()), cast("ReachWorker", None), HistoryRecorder(0)
    )
    before, now = handlers.tick(), time.time()
    for jump in (-HOUR, HOUR):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        assert 0 < handlers.tick().at - before.at < HOUR * 1000 / 2


class Kernel:
    """Connections as a test sets them."""

    loaded = older_counted = True
    host_cookie = HOST_COOKIE

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def update_inventory(self, _: object) -> None:
        """Nothing depends on it."""

    def read(self) -> Any:
        """One end."""
        return Reading(
            [row(end(), established=self.counts.get("established", 0), refused=self.counts.get("refused", 0))]
        ), SourceState("connections", up=True)

    def namespaces(self, _: object) -> dict[int, str]:
        """None is visible."""
        return {}

    def degraded(self) -> tuple[()]:
        """All is there."""
        return ()


class Connections:
    """Readings with a clock of each kind."""

    def __init__(self) -> None:
        self.kernel, self.topology = Kernel(), join(shop(), devices())
        self.collector = ConnectionCollector(self.kernel, FORGET)
        self.collector.update_inventory(self.topology.inventory)
        self.clock, self.ahead = 5.0, NOW

    def after(self, seconds: float, **counts: int) -> ConnectionPart:
        """Read so many seconds later."""
        self.clock += seconds
        self.kernel.counts = counts
        sample = KernelSample(self.topology.devices)
        return self.collector.collect(Facts(self.topology, sample, self.clock + self.ahead, self.clock))

    def tries(self, seconds: float, **counts: int) -> Any:
        """The tries of the pair."""
        context = self.after(seconds, **counts).connection_context
        assert context
        return context.tries.get(WEB_DB)


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_failed_connects_leave_their_window_after_five_minutes(jump: float) -> None:
    found = Connections()
    found.tries(15, refused=1)
    assert found.tries(15, refused=4)
    found.ahead += jump
    assert found.tries(15, refused=6).failed == {"refused": 6}
    for _ in range(30):
        last = found.tries(15, refused=6)
    assert last is None


def test_a_connect_that_fails_while_it_is_set_back_is_seen() -> None:
    found = Connections()
    found.tries(15, established=1)
    found.ahead -= HOUR
    assert found.tries(15, established=1, refused=2).failed == {"refused": 2}


def test_a_port_is_not_unused_for_longer_than_the_exporter_runs() -> None:
    """As after a boot without a clock: 1970 until NTP has an answer."""
    found = Connections()
    found.ahead = 0.0
    found.after(15)
    found.ahead = NOW
    context = found.after(15).connection_context
    assert context
    assert all(context.now - since <= 15 for since in context.unused_since.values())


def test_pairs_stay_when_it_is_set_forward() -> None:
    found = Connections()
    found.after(15, established=1)
    found.ahead += 2 * FORGET
    part = found.after(15, established=1)
    assert part.connections
    assert WEB_DB in part.connections.pairs


@pytest.mark.parametrize("jump", [-2 * FORGET, 2 * FORGET])
def test_a_pair_is_forgotten_after_its_time(jump: float) -> None:
    lab = Lab()
    lab.read(row(end(), established=1))
    lab.wall += jump
    assert WEB_DB in lab.read(row(end(), established=1), seconds=FORGET - 1)
    assert WEB_DB not in lab.read(row(end(), established=1), seconds=2)


def kinds(started: float, *moments: float) -> list[str]:
    """The kinds of what is found at the last of these times, which are a minute apart by the other clock."""
    evaluator = PortEvaluator()
    topology = join(inventory(*NETWORKS, details(publishes("web", "8080:80"), started=started)), DEVICES)
    for clock, now in enumerate(moments):
        found = evaluator.evaluate(topology, UNSERVED, now, 60.0 * clock).evaluation.findings
    return [one.kind for one in found]


def test_a_container_that_started_before_it_was_set_back_is_evaluated() -> None:
    assert "unserved" in kinds(NOW, NOW + 120 - HOUR, NOW + 180 - HOUR)
    assert "unserved" not in kinds(NOW, NOW + 10, NOW + 10, NOW + 10)


def test_what_was_kept_for_later_is_evaluated_anew() -> None:
    """It was too young when it was evaluated last, and its time would come in an hour."""
    assert "unserved" in kinds(NOW, NOW + 10, NOW + 60 - HOUR, NOW + 60 - HOUR)


def test_a_restart_of_before_it_was_set_back_is_not_recent() -> None:
    restarted = details(runs("web"), started=NOW, restart_count=1)
    assert recently_started(restarted, NOW + 1)
    assert not recently_started(restarted, NOW + SETTLE_SECONDS)
    assert not recently_started(restarted, NOW + 1 - HOUR)


def test_a_container_that_was_never_started_waits_although_it_was_set_back() -> None:
    created = replace(details(runs("web")), state="created", created=NOW)
    for now, waited in ((NOW + 1, False), (NOW + START_SECONDS, True), (NOW + START_SECONDS - HOUR, True)):
        found = with_waiting(None, created, now).details
        assert found
        assert found.waited is waited


def test_refusals_belong_to_the_life_in_which_it_was_set_back_and_begin_anew() -> None:
    known = inventory(details(runs("web", network="host"), started=NOW - 5))
    binds = RefusedBinds()
    binds.record([REFUSED])
    binds.record([replace(REFUSED, at=NOW + 1 - HOUR)])
    [refusal] = binds.current(known, NOW + 2 - HOUR)["web-id"].values()
    assert not refusal.retrying
    binds.record([replace(REFUSED, at=NOW + 30 - HOUR)])
    [refusal] = binds.current(known, NOW + 31 - HOUR)["web-id"].values()
    assert refusal.retrying


def test_a_refusal_does_not_wait_an_hour_for_its_container() -> None:
    counts = BindFailureCounts(1)
    claims = port_claims(inventory(publishes("web", "8080:80")), ())
    unknown = replace(REFUSED, container_id="")
    counts.count([replace(unknown, comm="dockerd", port=9999)], claims, NOW)
    counts.count([], claims, NOW + 61 - HOUR)
    assert not counts._waiting


def test_a_finding_lasts_no_negative_time() -> None:
    faulty = seen(docker(web()), host())
    found = network_finding("mtu_mismatch", "warning", "front", "eth0", "front sends larger packets")
    begun = replace(faulty, network=NetworkResult(evaluation(found, kinds=("mtu_mismatch",))))
    ended = replace(faulty, network=NetworkResult(evaluation(kinds=("mtu_mismatch",))))
    changes = [one for one in changed(begun, ended, jump=-HOUR) if one.kind == FINDING_ENDED]
    assert [one.seconds for one in changes] == [0.0]


def test_routes_of_a_device_that_is_no_longer_new_are_changes() -> None:
    net = ip_network("198.51.100.0/24")
    before, after = host(), host(routes=(route(net, ifindex=9),))
    new = {**before.links, 9: device("eth9", 9)}
    empty, came, routed = (
        seen(docker(web()), replace(found, links=links))
        for found, links in ((before, before.links), (before, new), (after, new))
    )
    assert [one.kind for one in changed(empty, came, routed, jump=-HOUR) if one.kind == ROUTE_CHANGED] == [
        ROUTE_CHANGED
    ]


def changed(*observations: Observation, jump: float) -> Iterator[Change]:
    """The changes of observations of which the last one is after the jump."""
    detector = ChangeDetector()
    detector.update_inventory(observations[0].topology.inventory, NOW)
    *first, last = observations
    for observation in first:
        detector.observe(observation, NOW)
    yield from detector.observe(last, NOW + jump)


def test_events_are_requested_from_now_where_the_last_one_is_ahead() -> None:
    asked: list[int] = []
    stopped = threading.Event()

    class Client:
        def ping(self) -> None:
            """It answers."""

        def events(self, since: int) -> Iterator[object]:
            """Take when from."""
            asked.append(since)
            stopped.set()
            yield None

        def close(self) -> None:
            """Nothing is open."""

    reader = EventReader(cast("EngineClient", Client()), queue.Queue(), stopped)
    reader._last_nano = time.time_ns() + int(HOUR * 1e9)
    reader.run()
    assert asked[0] < time.time_ns()
