"""A base chain of the forward hook, of any table, drops a published port's packets or a network's way out.

Guard: the policy DROP alone is normal, Docker's rules accept before it; what depends on who the client is, or on the
uplink, drops nobody for certain.
"""

from collections.abc import Iterator

from exporter.core.finding import CRITICAL
from exporter.core.nat.drift import NatDrift, Subject, of_binding, written
from exporter.core.nat.expected import ExpectedBinding, ExpectedNetwork
from exporter.core.nat.owners import number_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import STATE_ESTABLISHED, Place
from exporter.core.nat.scene import NatScene, is_loopback

KIND = "forward_drop"
OPEN_MODES = frozenset({"nat", "nat-unprotected", "routed"})


def check(scene: NatScene) -> Iterator[NatDrift]:
    """Walk both directions of each network's way out, and of each published port."""
    for network in scene.expected.networks:
        if network.mode in OPEN_MODES and network.populated and network.family in scene.families:
            dropped = scene.dropped(network.family, *_way_out(network))
            if dropped:
                name = network.network.name
                subject = Subject(family=network.family, chain=dropped[1][2], network=name)
                yield NatDrift(KIND, CRITICAL, subject, f"what {name} sends out is dropped by {_by(dropped)}")
    bridges = {n.network.name: n.network.bridge for n in scene.expected.networks}
    for binding, hits in scene.entries:
        if hits and binding.network in bridges and not is_loopback(binding):
            dropped = scene.dropped(binding.family, *_way_in(scene, binding, bridges))
            if dropped:
                detail = f"{written(binding)} of {binding.container} is dropped by {_by(dropped)}"
                yield NatDrift(KIND, CRITICAL, of_binding(binding, dropped[1][2]), detail)


def _way_out(network: ExpectedNetwork) -> tuple[Packet, Packet]:
    bridge = network.network.bridge
    return (
        Packet(iif=bridge, src=network.source, dport=443),
        Packet(oif=bridge, dst=network.source, state=STATE_ESTABLISHED),
    )


def _way_in(scene: NatScene, binding: ExpectedBinding, bridges: dict[str, str]) -> tuple[Packet, ...]:
    packets: list[Packet] = []
    for target in binding.targets[:1]:
        bridge, address = bridges[scene.expected.owners[target].network], number_of(target)
        packets += (
            Packet(oif=bridge, dst=address, protocol=binding.protocol, dport=binding.container_port),
            Packet(iif=bridge, src=address, protocol=binding.protocol, state=STATE_ESTABLISHED),
        )
    return tuple(packets)


def _by(dropped: tuple[Place, Place]) -> str:
    base, place = dropped
    where = f"{place[0]} {place[1]} {place[2]}"
    return f"the policy of {where}" if base == place else where
