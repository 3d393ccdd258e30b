"""Lookups in an observation: a life that has ended is read before it is forgotten."""

from collections.abc import Mapping

from msgspec.structs import replace

from exporter.core.connections.lookups import DnsLookups
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, KernelSample, SourceState
from exporter.core.topology.topology import join
from exporter.monitor.collector import Facts
from exporter.monitor.lookups import LookupCollector
from tests.support.builders import devices, inventory, run

WEB = run("web", network="front", pid=1)
MISSING = Degraded("connections", "no_sys_admin", "grant it")


class FakeLookups:
    """Readings of the containers of the last inventory."""

    def __init__(self) -> None:
        self._udp: Mapping[str, DnsLookups] = {}
        self.missing: tuple[Degraded, ...] = ()

    def asked(self, pid: int, udp: int) -> None:
        """So many lookups of web."""
        self._udp = {WEB.id: DnsLookups(pid, 0, udp)}

    def update_inventory(self, found: Inventory) -> None:
        """Forget those that are gone."""
        self._udp = {key: reading for key, reading in self._udp.items() if key in found.containers}

    def latest(self) -> tuple[Mapping[str, DnsLookups], SourceState]:
        """The last ones."""
        return self._udp, SourceState("dns_lookups", up=True)

    def degraded(self) -> tuple[Degraded, ...]:
        """What is missing."""
        return self.missing


def test_what_was_read_between_two_observations_is_counted_when_the_container_is_removed_and_made_again() -> None:
    kernel = FakeLookups()
    collector = LookupCollector(kernel)
    collector.update_inventory(inventory(WEB))
    kernel.asked(1, 30)
    collector.update_inventory(inventory())
    collector.update_inventory(inventory(replace(WEB, id="b" * 64, pid=2)))
    topology = join(inventory(WEB), devices())
    part = collector.collect(Facts(topology, KernelSample(topology.devices), 1000.0, 5.0))
    assert [name for name, _ in part.lookups.containers] == ["web"]
    assert part.lookups.rows == ((0, 30),)
    assert [state.name for state in part.sources] == ["dns_lookups"]


def test_what_is_missing_is_told() -> None:
    kernel = FakeLookups()
    kernel.missing = (MISSING,)
    topology = join(inventory(WEB), devices())
    facts = Facts(topology, KernelSample(topology.devices), 1000.0, 5.0)
    part = LookupCollector(kernel).collect(facts)
    assert (part.lookups.rows, part.degraded) == ((), (MISSING,))
