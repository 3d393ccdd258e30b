"""Recordings of real engines and hosts, kept as text beside the tests: answers as given, and whole hosts.

A whole host is a folder of tests/golden/hosts: what its engine answered and what its kernel said at one moment.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from exporter.core.model.conntrack import ConntrackStats
from exporter.core.model.docker import Interface, Inventory, Link
from exporter.core.model.inventory import with_container, with_inspect, with_listing
from exporter.core.model.kernel_sample import Devices, KernelSample, SourceState
from exporter.core.model.routes import Route
from exporter.core.observation import EngineStats, Observation
from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.docker_engine.parse import parse_engine, parse_inspected, parse_listed, parse_network
from exporter.docker_engine.parse_network_inspect import parse_network_inspect
from exporter.monitor.monitor import Monitor
from tests.support.kernel.fake_kernel import FakeKernel

ANSWERS = Path(__file__).parent / "recorded_answers"
HOSTS = Path(__file__).parents[1] / "golden/hosts"
ENGINES = ("20.10.24", "26.1.5", "28.5.2", "29.7.2")
STARTED = 1_795_000_000.0
# The places of a StatsRow, and its names in a recording.
COUNTERS = ("rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped")


def answer(engine: str, name: str) -> Any:
    """One recorded answer, freshly decoded."""
    return json.loads((ANSWERS / engine / f"{name}.json").read_text())


def events(engine: str) -> list[dict[str, Any]]:
    """The recorded events in their order, one of each kind."""
    return [json.loads(line) for line in (ANSWERS / engine / "events.jsonl").read_text().splitlines()]


@dataclass(frozen=True)
class RecordedHost:
    """A folder with one moment of a host."""

    folder: Path

    def document(self, name: str) -> Any:
        """One of its files, decoded."""
        return json.loads((self.folder / f"{name}.json").read_text())

    def documents(self, folder: str) -> Iterator[Any]:
        """All files of one of its folders."""
        for path in sorted((self.folder / folder).glob("*.json")):
            yield json.loads(path.read_text())

    def inventory(self) -> Inventory:
        """What the engine said: the lists, then every inspect."""
        engine = parse_engine(self.document("version"), self.document("info"))
        containers = map(parse_listed, self.document("containers"))
        networks = map(parse_network, self.document("networks"))
        inventory = with_listing(Inventory(), engine, containers, networks, STARTED)
        for document in self.documents("containers"):
            inventory = with_container(inventory, parse_inspected(document))
        for document in self.documents("networks"):
            inventory = with_inspect(inventory, document["Id"], parse_network_inspect(document))
        return inventory

    def devices(self, inventory: Inventory) -> Devices:
        """The kernel's devices, and whose they are."""
        kernel = self.document("kernel")
        ids = {container.name: container.id for container in inventory.containers.values()}
        return Devices(
            links={row["ifindex"]: Link(**row) for row in kernel["links"]},
            sandboxes={ids[name]: nsid for name, nsid in kernel["sandboxes"].items()},
            interfaces={int(nsid): tuple(Interface(**row) for row in rows) for nsid, rows in kernel["inside"].items()},
            addresses={device: tuple(addresses) for device, addresses in kernel["addresses"].items()},
            uplinks=tuple(kernel["uplinks"]),
            routes=tuple(Route(**{**row, "destination": ip_network(row["destination"])}) for row in kernel["routes"]),
        )

    def kernel(self, inventory: Inventory) -> FakeKernel:
        """A kernel that goes on saying what it said."""
        recorded = self.document("kernel")
        ids = {container.name: container.id for container in inventory.containers.values()}
        kernel = FakeKernel(Devices())
        kernel.answer = KernelSample(
            devices=self.devices(inventory),
            stats=[_row(row.pop("ifindex"), row) for row in recorded["stats"]],
            sources=tuple(SourceState(name, up=True) for name in recorded["sources"]),
            conntrack=ConntrackStats(**recorded["conntrack"]) if recorded["conntrack"] else None,
            learned={int(key): count for key, count in recorded["learned"].items()} if recorded["learned"] else None,
        )
        kernel.inside = [_row(row.pop("endpoint_id"), row) for row in recorded["stats_inside"]]
        kernel.namespaces = {ids[name]: NamespaceStats(**row) for name, row in recorded["namespaces"].items()}
        return kernel

    def observation(self) -> Observation:
        """All that an exporter would have seen at that moment, were it its first."""
        inventory = self.inventory()
        monitor = Monitor(self.kernel(inventory))
        monitor.attach_engine(_Quiet())
        monitor.update_inventory(inventory)
        return monitor.observe()


class _Quiet:
    """The side of an engine that has told of nothing yet."""

    def stats(self) -> EngineStats:
        return EngineStats(STARTED, stream_connected=True, resyncs={"start": 1})


def _row(key: int | str, counters: dict[str, int]) -> tuple[Any, ...]:
    return (key, *(counters[name] for name in COUNTERS))


def hosts() -> list[RecordedHost]:
    """Every recorded host."""
    return [RecordedHost(path.parent) for path in sorted(HOSTS.glob("*/kernel.json"))]
