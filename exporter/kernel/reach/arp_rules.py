"""Where ARP packets meet rules of nf_tables (family arp): their conditions are not evaluated. Needs CAP_NET_ADMIN."""

from collections.abc import Iterable

from exporter.core.model.device_filters import DeviceFilter
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.dump import GETCHAIN, dump
from exporter.kernel.netlink.messages import attributes
from exporter.kernel.netlink.nfnetlink import number, open_socket

NFPROTO_ARP = 3
HOOKS = {0: "input", 1: "output", 2: "forward"}  # linux/netfilter_arp.h
ACCEPT = 1
LOOPBACK = 1


def read_arp_hooks() -> tuple[str, ...]:
    """Return the hooks where rules or a policy may drop ARP packets. Raises OSError."""
    with open_socket() as sock:
        objects = dump(sock, GETCHAIN, NFPROTO_ARP).objects
    found = (_hook(attributes(body)) for family, body in objects if family == NFPROTO_ARP)
    return tuple(sorted({hook for hook in found if hook}))


def _hook(chain: dict[int, bytes]) -> str:
    """The hook of a base chain that does something, '' of any other chain."""
    if nfta.CHAIN_HOOK not in chain:
        return ""
    policy = number(chain[nfta.CHAIN_POLICY]) if nfta.CHAIN_POLICY in chain else ACCEPT
    if policy == ACCEPT and not number(chain.get(nfta.CHAIN_USE, bytes(4))):
        return ""
    return HOOKS.get(number(attributes(chain[nfta.CHAIN_HOOK])[nfta.HOOK_NUMBER]), "")


def at_devices(hooks: Iterable[str], devices: Iterable[int]) -> tuple[DeviceFilter, ...]:
    """Return the hooks as filters of each device."""
    every = tuple(hooks)
    return tuple(
        DeviceFilter(ifindex, hook, "rules of nftables for ARP")
        for ifindex in devices
        if ifindex != LOOPBACK
        for hook in every
    )
