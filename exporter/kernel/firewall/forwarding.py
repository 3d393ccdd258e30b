"""Whether the kernel forwards packets: the sysctls of the calling thread's network namespace."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from exporter.core.nat.reading import BRIDGE_FILTER
from exporter.core.nat.ruleset import IP, IP6

HOST = {
    IP: "ipv4/ip_forward",
    IP6: "ipv6/conf/all/forwarding",
    BRIDGE_FILTER: "bridge/bridge-nf-call-iptables",  # absent while br_netfilter is not loaded
}


def read_forwarding(procfs: Path, devices: Iterable[str]) -> dict[str, bool]:
    """Return 'ip', 'ip6', BRIDGE_FILTER and each device -> whether its switch is on; unreadable ones are absent."""
    paths = {**HOST, **{device: f"ipv4/conf/{device}/forwarding" for device in devices}}
    found = {}
    for name, path in paths.items():
        with contextlib.suppress(OSError):
            found[name] = (procfs / "sys/net" / path).read_text().strip() != "0"
    return found
