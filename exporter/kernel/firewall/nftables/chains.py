"""Chains of nf_tables, and how the kernel enters them (linux/netfilter/nf_tables.h: NFTA_CHAIN_*, NFTA_HOOK_*)."""

from exporter.core.nat.ruleset import FILTER, NETDEV, Base, Place, Rule
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.dump import FAMILIES, Dump
from exporter.kernel.netlink.messages import text, walk
from exporter.kernel.netlink.nfnetlink import number

HOOKS = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
NETDEV_HOOKS = ("ingress", "egress")
POLICIES = {0: "DROP", 1: "ACCEPT"}
DEVICE_NAME = 1  # NFTA_DEVICE_NAME
DORMANT = 1  # of a table's flags: NFT_TABLE_F_DORMANT


def parse_dormant(found: Dump) -> frozenset[tuple[str, str]]:
    """Parse a dump of tables: family and name of the dormant ones, whose base chains the kernel does not enter."""
    return frozenset(
        (FAMILIES[family], text(parts[nfta.TABLE_NAME]))
        for family, message in found.objects
        if family in FAMILIES and number((parts := dict(walk(message))).get(nfta.TABLE_FLAGS, b"")) & DORMANT
    )


def parse_chains(
    found: Dump, dormant: frozenset[tuple[str, str]] = frozenset()
) -> tuple[dict[Place, list[Rule]], dict[Place, Base]]:
    """Parse a dump of chains: an empty list of rules for each, and its base where the kernel enters it.

    It enters none of a `dormant` table, by family and name.
    """
    chains: dict[Place, list[Rule]] = {}
    bases = {}
    for family, message in found.objects:
        if family in FAMILIES:
            parts = dict(walk(message))
            place = FAMILIES[family], text(parts[nfta.CHAIN_TABLE]), text(parts[nfta.CHAIN_NAME])
            chains[place] = []
            if nfta.CHAIN_HOOK in parts and place[:2] not in dormant:
                bases[place] = _parse_base(FAMILIES[family], parts)
    return chains, bases


def _parse_base(family: str, parts: dict[int, bytes]) -> Base:
    hook = dict(walk(parts[nfta.CHAIN_HOOK]))
    hooks, place = NETDEV_HOOKS if family == NETDEV else HOOKS, number(hook.get(nfta.HOOK_NUMBER, b""))
    devices = [text(name) for kind, name in walk(hook.get(nfta.HOOK_DEVICES, b"")) if kind == DEVICE_NAME]
    return Base(
        hook=hooks[place] if place < len(hooks) else "",
        policy=POLICIES.get(number(parts.get(nfta.CHAIN_POLICY, b"\1")), "ACCEPT"),
        kind=text(parts.get(nfta.CHAIN_TYPE, b"")) or FILTER,
        priority=int.from_bytes(hook.get(nfta.HOOK_PRIORITY, b""), "big", signed=True),
        devices=tuple(devices) or tuple(text(name) for name in (hook.get(nfta.HOOK_DEVICE),) if name),
    )
