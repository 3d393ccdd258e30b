"""Whether the device of a packet is one that is wanted: by its name, its index or its group."""

import re

from exporter.core.nat.packet import NO, OUTSIDE, SOME, UNKNOWN, YES, Answer, Inside

# Prefixes of the names of devices that Docker makes: a condition on a whole prefix never matches an uplink.
DOCKERS_DEVICES = ("br-", "docker", "veth")
# Bridges of engines, also of another one on this host: no client outside comes from there.
ENGINES_BRIDGE = re.compile(r"docker\d+|podman\d+|br-[0-9a-f]{12}")
LOOPBACK_DEVICE = "lo"


def is_device(wanted: str, name: str, inside: Inside) -> Answer:
    """Whether a device is one that is wanted, by its name or by its beginning."""
    if name != OUTSIDE:
        return YES if _named(wanted, name) else NO
    if wanted == "*":
        return YES
    if wanted in inside.bridges or wanted == LOOPBACK_DEVICE or wanted.removesuffix("*") in DOCKERS_DEVICES:
        return NO
    matching = [uplink for uplink in inside.uplinks if _named(wanted, uplink)]
    if matching:
        return YES if len(matching) == len(inside.uplinks) else SOME
    if ENGINES_BRIDGE.fullmatch(wanted):
        return NO
    exists = not inside.devices or any(_named(wanted, device) for device in inside.devices)
    return SOME if exists else NO


def _named(wanted: str, name: str) -> bool:
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


def is_index(wanted: int, name: str, inside: Inside) -> Answer:
    """Whether a device has an ifindex."""
    if not inside.devices:
        return UNKNOWN
    found = next((device for device, index in inside.devices.items() if index == wanted), None)
    return NO if found is None else is_device(found, name, inside)


def is_group(wanted: tuple[int, int], name: str, inside: Inside) -> Answer:
    """Whether a device is in a group; `wanted` is its value and mask."""
    value, mask = wanted
    names = inside.uplinks if name == OUTSIDE else {name}
    if not names or not inside.groups.keys() >= names:
        return UNKNOWN
    holds = {inside.groups[one] & mask == value & mask for one in names}
    return SOME if len(holds) > 1 else YES if True in holds else NO
