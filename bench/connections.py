"""What pairs of connections add to a scrape: reading the sums of the kernel's maps, adding them up, writing them.

The maps are real; this process writes them. In each turn every pair has new connections, one of which stands; one pair
in ten has failed connects. Garbage is collected as seldom as in the exporter.
"""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

from msgspec.structs import replace

from bench.figures import MS, Row, Times, judged, took
from bench.scale import Scale
from exporter.app import allocator
from exporter.core.connections.ledger import ConnectionLedger
from exporter.core.connections.port_use import PortUse
from exporter.core.connections.tries import TryWindows
from exporter.core.model.docker import Inventory
from exporter.core.observation import Observation
from exporter.errors import SourceError
from exporter.kernel.bpf.maps import write_element
from exporter.kernel.connections.counter import MAPPED, ConnectionCounter
from exporter.kernel.connections.records import CONNECTED, Key, Sums
from exporter.metrics.connections import GROUPS
from exporter.metrics.templated import TemplatedRenderer
from tests.support import builders

CLIENTS, PEERS = 200, 5
GOAL_MS = 5  # for reading and adding up
HOST_COOKIE, FIRST_COOKIE, FIRST_INODE = 1, 100, 4_026_532_000
UNLIMITED = 1 << 62


class Load:
    """A host whose 200 containers connect to five others each, in maps that no program writes."""

    def __init__(self, counter: ConnectionCounter) -> None:
        self._counter = counter
        self._turn = 0
        self._keys = [_key(at, (at + step) % CLIENTS) for at in range(CLIENTS) for step in range(1, PEERS + 1)]
        self._inodes = {FIRST_INODE + at: f"c{at}-id" for at in range(CLIENTS)}
        self._ledger = ConnectionLedger(HOST_COOKIE, 3600.0)
        self._inventory = _inventory()
        self._ledger.update_inventory(self._inventory)
        self._tries, self._port_use = TryWindows(), PortUse()
        self._observed = builders.observed(builders.shop())
        self._renderers = [TemplatedRenderer(group) for group in GROUPS]

    def connect(self) -> None:
        """Ten more connections for each pair."""
        self._turn += 1
        maps, ended = self._counter.programs.maps, 10 * self._turn
        sums = Sums(established=ended, ended=ended, sent=ended * 500, received=ended * 900, setup_ns=ended)
        stands = Sums(established=1, sent=700, received=100, round_trip_us=80 + self._turn, round_trips=1)
        for at, key in enumerate(self._keys):
            sums.refused = 0 if at % 10 else self._turn
            write_element(maps.sums, key, bytes(sums))
            write_element(maps.living, key, bytes(stands))

    def steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """What a scrape does, in its order."""
        yield "read", self._read
        yield "add up", self._add
        yield "follow failures and published ports", self._follow
        yield "write", self._write

    def _read(self) -> None:
        self._reading = self._counter.read()

    def _add(self) -> None:
        self._ledger.count(self._reading, self._inodes, frozenset(), 1000.0 + self._turn, 1000.0 + self._turn)
        self._report = self._ledger.report(older_counted=True)

    def _follow(self) -> None:
        now = 1000.0 + self._turn
        self._tries.update(self._report, now)
        self._port_use.update(self._report, self._inventory, now)

    def _write(self) -> None:
        observation: Observation = replace(self._observed, connections=self._report)
        for renderer in self._renderers:
            b"".join(renderer.render(observation, openmetrics=True, limit=UNLIMITED)[0])


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    counter = ConnectionCounter(Path("/sys"))
    try:
        counter.open()
    except (OSError, SourceError) as error:
        yield Row("connections", against=f"not measured: {error}")
        return
    try:
        yield from _measured(Load(counter), max(2, scale.scrapes // 4))
    finally:
        counter.close()


def _measured(load: Load, turns: int) -> Iterator[Row]:
    times = {name: Times() for name, _ in load.steps()}
    allocator.settle_down()
    for turn in range(turns + 1):
        load.connect()
        for name, step in load.steps():
            spent = took(step)
            if turn:  # the first one builds what is cached
                times[name].all.append(spent)
    size = f"{CLIENTS * PEERS} pairs"
    for name, found in times.items():
        yield Row(f"connections: {name}", size, found.text())
    read = _together(times["read"], times["add up"])
    goal = judged(f"at most {GOAL_MS} ms", met=read.least * MS <= GOAL_MS)
    yield Row("connections: read and added up", size, read.text(), goal=goal)
    yield Row("connections: all of it", size, _together(*times.values()).text())


def _together(*steps: Times) -> Times:
    return Times(map(sum, zip(*(found.all for found in steps), strict=True)))


def _inventory() -> Inventory:
    front = builders.network("front", bridge="br-front", subnet="172.18.0.0/16", gateway="172.18.255.254")
    return builders.inventory(front, *[builders.run(f"c{at}", network="front", ip=_ip(at)) for at in range(CLIENTS)])


def _ip(at: int) -> str:
    return str(IPv4Address("172.18.0.1") + at)


def _mapped(at: int) -> bytes:
    return MAPPED + IPv4Address(_ip(at)).packed


def _key(client: int, server: int) -> bytes:
    key = Key(netns_cookie=FIRST_COOKIE + client, netns=FIRST_INODE + client, port=5432, role=CONNECTED)
    key.local[:], key.remote[:] = _mapped(client), _mapped(server)
    return bytes(key)
