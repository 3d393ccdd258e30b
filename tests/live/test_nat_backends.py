"""Engines that write by other means than iptables-nft."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.core.nat.reading import IPTABLES_LEGACY
from exporter.core.nat.ruleset import GOTO, JUMP, Ruleset
from tests.support.live.hosts import available
from tests.support.live.listening import connect
from tests.support.live.nat_watched import NatWatched
from tests.support.live.port_cases import serves
from tests.support.live.saved_rules import saved
from tests.support.live.shop import IMAGE
from tests.support.private_host import engines
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

COMMANDS = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateHost]:
    """A host whose iptables is the legacy one, with a published container."""
    multi = shutil.which("xtables-legacy-multi", path="/usr/sbin:/sbin")
    assert multi is not None, "iptables has no legacy program here"
    folder = tmp_path_factory.mktemp("legacy")
    for command in COMMANDS:
        (folder / command).symlink_to(multi)
    engine = available(engines.DEFAULT)
    with PrivateHost("legacy", replace(engine, path=f"{folder}:{engine.path}")) as host:
        client = host.start().load_image().client()
        client.containers.run(IMAGE, ["httpd", "-f", "-p", "80"], name="web", detach=True, ports={"80/tcp": 8080})
        serves(host, "web", 80)
        yield host


@pytest.fixture(scope="module")
def nat(legacy: PrivateHost) -> Iterator[NatWatched]:
    with NatWatched(legacy) as watched:
        until(lambda: watched.look().reading, 60, "a reading")
        yield watched


def counts(rules: Ruleset) -> Counter[tuple[str, str, str, str]]:
    """How many rules a chain has of each target."""
    return Counter(
        (*place, rule.to if rule.target in (JUMP, GOTO) else rule.target)
        for place, chain in rules.chains.items()
        for rule in chain
    )


def test_legacy_rules_are_those_that_iptables_legacy_save_tells(nat: NatWatched) -> None:
    reading = nat.look().reading
    assert reading is not None
    assert reading.legacy is not None
    assert reading.backend == IPTABLES_LEGACY
    assert counts(reading.legacy) == saved(nat.host, "iptables-legacy-save", "ip", ("nat", "filter"))


def test_an_ordinary_legacy_host_shows_no_drift(nat: NatWatched) -> None:
    nat.finds()


def test_drift_of_legacy_rules_is_found_and_gone(nat: NatWatched) -> None:
    before = nat.host.run("iptables-legacy-save").stdout
    try:
        nat.run("iptables-legacy -t nat -F")
        kinds = {(kind, container) for kind, _, _, container, _ in nat.found()}
        assert kinds == {("missing_jump", ""), ("missing_dnat", "web"), ("missing_masquerade", "")}
    finally:
        nat.host.run("iptables-legacy-restore", stdin=before)
    nat.finds()


def test_connections_are_summed_in_legacy_rules_too(nat: NatWatched) -> None:
    client = nat.host.client()
    for number in range(4):
        connect(nat.host, 8080, 5)
        ports = {"80/tcp": 8090 + number}
        client.containers.run(IMAGE, ["sleep", "1000"], name="other", detach=True, ports=ports).remove(force=True)
    assert nat.look().connections.counts["web", "tcp", "8080"] == 20


def test_docker_rules_on_both_sides_are_told(nat: NatWatched) -> None:
    nat.run("iptables-nft -t nat -N DOCKER")
    try:
        assert "two_backends" in {kind for kind, *_ in nat.found()}
    finally:
        nat.run("nft delete table ip nat")


def test_a_look_for_legacy_tables_makes_none(nat: NatWatched) -> None:
    """Any question for a table would make it; ip6 has none here."""
    nat.look()
    assert "nat" not in Path(f"/proc/{nat.host.pid}/net/ip6_tables_names").read_text().split()
