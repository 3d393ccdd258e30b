"""What walks through the rules of one network namespace need: its base chains, its devices and addresses."""

from ipaddress import ip_address

from msgspec.structs import replace

from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Inside
from exporter.core.nat.ruleset import BRIDGE, FAMILIES, NETDEV, Ruleset
from exporter.core.reach.view import NamespaceView

VERSIONS = {4: "ip", 6: "ip6"}
LOOPBACK, LOOPBACK_IFINDEX = "lo", 1  # the same in every namespace (linux/net_namespace.h)


def family_name(address: str) -> str:
    """Return the family of netfilter's tables."""
    return VERSIONS[ip_address(address).version]


def restricted(rules: Ruleset, devices: frozenset[str], *, bridged: bool) -> Ruleset:
    """Leave out base chains that packets on these devices do not meet."""
    kept = {
        place: base
        for place, base in rules.bases.items()
        if (place[0] == NETDEV and not devices.isdisjoint(base.devices))
        or place[0] == BRIDGE
        or (place[0] != NETDEV and not bridged)
    }
    return replace(rules, bases=kept)


def inside_of_view(view: NamespaceView) -> Inside:
    """A container's namespace: packets name their devices, so nothing depends on which are uplinks."""
    own = {
        family: frozenset(
            number_of(address)
            for device in view.devices.values()
            for address in device.addresses
            if family_name(address) == family
        )
        for family in FAMILIES
    }
    names = {device.link.name: device.link.ifindex for device in view.devices.values()}
    return Inside(uplinks=frozenset(names) - {LOOPBACK}, devices=names, addresses=own, own=own)
