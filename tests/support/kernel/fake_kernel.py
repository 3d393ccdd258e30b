"""The kernel's side as the monitor sees it, by what a test says."""

from collections.abc import Mapping, Sequence

from exporter.core.model.docker import Container, Inventory
from exporter.core.model.fib import RouteQuery
from exporter.core.model.kernel_sample import Devices, EndedLink, KernelSample, NamespaceInterface, StatsRow
from exporter.core.topology.overlay import OverlayReading
from exporter.core.traffic.tcp_udp_ledger import NamespaceStats
from exporter.core.traffic.totals import Reading
from tests.support.builders import sample


class FakeKernel:
    """Says what it was told to say, and remembers whom it was asked about."""

    def __init__(self, found: Devices, *rows: StatsRow) -> None:
        self.answer = sample(found, *rows)
        self.ended: list[EndedLink] = []
        self.inside: list[Reading] = []
        self.namespaces: Mapping[str, NamespaceStats] = {}
        self.overlay_files: Mapping[str, str] = {}
        self.read_overlays = OverlayReading()
        self.route_queries: frozenset[RouteQuery] = frozenset()
        self.failing = False
        self.asked_about: list[str] = []
        self.followed = Inventory()

    def now(self, found: Devices, *rows: StatsRow) -> None:
        """From now on there are these devices with these counters."""
        self.answer = sample(found, *rows)

    def update_inventory(self, inventory: Inventory) -> None:
        """Remember it."""
        self.followed = inventory

    def sample(self, containers: tuple[Container, ...], _inventory: Inventory) -> KernelSample:
        """All at once."""
        self.asked_about = [container.name for container in containers]
        return self.answer

    def devices(self, containers: tuple[Container, ...]) -> Devices:
        """The devices, or the kernel's refusal."""
        if self.failing:
            raise PermissionError("planted")
        self.asked_about = [container.name for container in containers]
        return self.answer.devices

    def namespace_stats(self) -> tuple[Mapping[str, NamespaceStats], float | None]:
        """The readings of namespaces."""
        return self.namespaces, 1.0 if self.namespaces else None

    def update_overlays(self, files: Mapping[str, str]) -> None:
        """Remember which."""
        self.overlay_files = files

    def update_route_queries(self, queries: frozenset[RouteQuery]) -> None:
        """Remember them."""
        self.route_queries = queries

    def overlays(self) -> OverlayReading:
        """The readings of overlays."""
        return self.read_overlays

    def read_interface_counters(self, wanted: tuple[NamespaceInterface, ...]) -> Sequence[Reading]:
        """The readings of those that are wanted."""
        return [reading for reading in self.inside if reading[0] in {inside.key for inside in wanted}]

    def drain_ended(self) -> Sequence[EndedLink]:
        """What ended, once."""
        taken, self.ended = self.ended, []
        return taken
