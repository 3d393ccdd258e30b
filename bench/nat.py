"""NAT and filter rules of hosts with many published ports, against the kernel's dump and iptables-save; connections.

The rules are planted with iptables-restore, as Docker 20.10 and 28 write them. `python -m bench.nat` prints this part
alone; it needs root.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pyroute2.netlink import NLM_F_DUMP, NLMSG_DONE

from bench.figures import MS, Row, Times, judged, measured, number, table, took
from bench.nat_host import VERSIONS, inventory, places, rules
from bench.netns import entered, new_namespaces
from bench.scale import QUICK, Scale
from exporter.app.allocator import settle_down
from exporter.core.nat.attribution import Attribution
from exporter.core.nat.context import NatContext
from exporter.core.nat.expected import Expected, expected
from exporter.core.nat.flows import count_flows
from exporter.core.nat.ledger import NatLedger
from exporter.core.nat.published_history import PublishedHistory
from exporter.core.nat.reading import NatReading
from exporter.core.nat.rule_counts import count
from exporter.core.nat.rules import NAT_RULES
from exporter.core.nat.ruleset import IP
from exporter.kernel.conntrack.flows import GET, TRANSLATED, open_flows, read_flows, read_published
from exporter.kernel.firewall.nftables.decode import decode
from exporter.kernel.firewall.nftables.dump import GETCHAIN, GETRULE, dump
from exporter.kernel.firewall.nftables.reader import Generation, NftReader
from exporter.kernel.netlink.client import MAX_DATAGRAM
from exporter.kernel.netlink.messages import message, messages
from exporter.kernel.netlink.nfnetlink import NFGENMSG, open_socket

READ_GOAL_MS, FLOWS_GOAL_MS, JUDGE_GOAL_MS = 20, 40, 150
CLIENTS, FLOWS_EACH = 5000, 10
LED_FROM = 53  # the first of a client's flows is led to another address


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows; garbage is collected as in the daemon."""
    settle_down()
    for layout in VERSIONS:
        for ports in scale.sizes:
            with planted(layout, ports):
                yield from _read(layout, ports, scale)
    yield from _flows(scale)


@contextmanager
def planted(layout: str, ports: int) -> Iterator[None]:
    """The calling thread in a namespace with the rules of so many published ports."""
    [namespace] = new_namespaces(1)
    try:
        with entered(namespace):
            subprocess.run(["iptables-restore"], input=rules(layout, list(places(ports))), text=True, check=True)
            yield
    finally:
        os.close(namespace)


def _read(layout: str, ports: int, scale: Scale) -> Iterator[Row]:
    """A reading in each of its states."""
    size, largest = f"{ports} ports, {layout}", ports == max(scale.sizes)
    reader = NftReader()
    try:
        with open_socket() as sock:
            floor = measured(scale.bursts, lambda: [dump(sock, command) for command in (GETCHAIN, GETRULE)])
        saved = measured(max(3, scale.bursts // 5), _saved)
        yield Row("rules: the kernel's dump alone", size, floor.text())
        yield Row("rules: iptables-save -c", size, saved.text(), saved.times(floor, "dump"))
        first = Times(_first(reader) for _ in range(max(3, scale.bursts // 5)))
        yield Row("rules: first reading", size, first.text(), first.times(floor, "dump"))
        changed = Times(_anew(reader) for _ in range(scale.bursts))
        yield Row("rules: read again after a change", size, changed.text(), changed.times(floor, "dump"))
        warm = measured(scale.bursts, reader.read)
        goal = judged(f"<= {READ_GOAL_MS} ms", met=warm.middle * MS <= READ_GOAL_MS) if largest else ""
        yield Row("rules: unchanged, NAT's counters", size, warm.text(), warm.times(floor, "dump of all"), goal)
        everything = measured(scale.bursts, partial(reader.read, everything=True))
        yield Row("rules: unchanged, all counters", size, everything.text(), everything.times(floor, "dump"))
        yield from _judged(layout, ports, reader, scale)
    finally:
        reader.close()


def _first(reader: NftReader) -> float:
    """Nothing is known of what any rule says."""
    decode.cache_clear()
    return _anew(reader)


def _anew(reader: NftReader) -> float:
    """All is read; what a rule's bytes say may be known."""
    reader.last = Generation()
    return took(reader.read)


def _saved() -> None:
    subprocess.run(["iptables-save", "-c"], check=True, capture_output=True)


def _judged(layout: str, ports: int, reader: NftReader, scale: Scale) -> Iterator[Row]:
    """What follows a reading."""
    size, known, found = f"{ports} ports, {layout}", inventory(layout, ports), reader.read()
    wanted = expected(known)
    reading = NatReading(nft=found.ruleset, counted=found.counted, packets=found.packets())
    if drifts := [drift for rule in NAT_RULES for drift in rule.check(_scene(wanted, reading))]:
        raise RuntimeError(f"the planted rules are not what they should be: {drifts[0].detail}")
    times = measured(scale.bursts, lambda: _judge(wanted, reading))
    goal = judged(f"<= {JUDGE_GOAL_MS} ms", met=times.middle * MS <= JUDGE_GOAL_MS) if ports == max(scale.sizes) else ""
    yield Row("drift: judged after a change", size, times.text(), _slowest(wanted, reading), goal)
    yield Row("drift: what must be there", size, measured(scale.bursts, lambda: expected(known)).text())
    memory = PublishedHistory()
    memory.update_inventory(known)
    attribution, ledger = Attribution(wanted, memory), NatLedger()
    counting = measured(scale.bursts, lambda: count(found.ruleset, attribution))
    yield Row("rules: counted by owner after a change", size, counting.text())
    ledger.read(reading, attribution.series, 0.0)
    summing = measured(scale.bursts, lambda: ledger.read(reading, attribution.series, 0.0))
    yield Row("rules: packets summed at a scrape", size, summing.text())


def _scene(wanted: Expected, reading: NatReading) -> NatContext:
    return NatContext(wanted, reading, frozenset({IP}))


def _judge(wanted: Expected, reading: NatReading) -> None:
    scene = _scene(wanted, reading)
    for rule in NAT_RULES:
        list(rule.check(scene))


def _slowest(wanted: Expected, reading: NatReading) -> str:
    scene = _scene(wanted, reading)
    spent = {rule.kind: took(lambda check=rule.check: list(check(scene))) for rule in NAT_RULES}  # type: ignore[misc]
    kind = max(spent, key=spent.__getitem__)
    return f"{kind}: {number(spent[kind] * MS)} ms"


def _flows(scale: Scale) -> Iterator[Row]:
    """A full connection table: most of it goes out, a tenth was led to containers."""
    [namespace] = new_namespaces(1)
    try:
        with entered(namespace), open_flows() as sock:
            _connect()
            ports, bursts = frozenset({LED_FROM}), max(3, scale.bursts // 5)
            bare = measured(bursts, lambda: _dumped(sock, b""))
            led = measured(bursts, lambda: _dumped(sock, TRANSLATED))
            published = measured(bursts, lambda: read_published(sock))
            times = measured(bursts, lambda: read_flows(sock, ports))
            found = read_flows(sock, ports)
        size = f"{CLIENTS * FLOWS_EACH} entries, {sum(found.published.values())} led"
        goal = judged(f"<= {FLOWS_GOAL_MS} ms", met=published.middle * MS <= FLOWS_GOAL_MS)
        yield Row("connections: the kernel's dump alone", size, bare.text())
        yield Row("connections: its dump of those led elsewhere", size, led.text())
        yield Row("connections: published ones read", size, published.text(), published.times(led, "its dump"), goal)
        yield Row("connections: all read, more rarely", size, times.text(), times.times(bare, "dump"))
        wanted = expected(inventory("28", 1000))
        counting = measured(bursts, lambda: count_flows(found, wanted, frozenset()))
        yield Row("connections: counted by owner", size, counting.text())
    finally:
        os.close(namespace)


def _dumped(sock: socket.socket, wanted: bytes) -> None:
    sock.send(message(GET, NLM_F_DUMP, NFGENMSG.pack(0, 0, 0) + wanted))
    while True:
        data = sock.recv(MAX_DATAGRAM)
        if NLMSG_DONE in {kind for kind, *_ in messages(data)}:
            return


def _connect() -> None:
    """Make the flows on the loopback, each client with an address of its own."""
    led = f"udp dport {LED_FROM} dnat to 127.0.0.2"
    chain = f"table ip nat {{ chain o {{ type nat hook output priority -100; {led}; }}; }}"
    for command in (["ip", "link", "set", "lo", "up"], ["nft", chain]):
        subprocess.run(command, check=True)
    Path("/proc/sys/net/netfilter/nf_conntrack_udp_timeout").write_text("600")
    for client in range(CLIENTS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((f"127.1.{client // 250}.{client % 250 + 1}", 40_000))
            for port in range(LED_FROM, LED_FROM + FLOWS_EACH):
                sock.sendto(b"x", ("127.0.0.1", port))


if __name__ == "__main__":
    print(table(rows(QUICK)))
