"""Whether the kernel forwards packets: the sysctls of the calling thread's network namespace."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from exporter.core.nat.ruleset import IP, IP6

HOST = {IP: "ipv4/ip_forward", IP6: "ipv6/conf/all/forwarding"}


def read_forwarding(procfs: Path, bridges: Iterable[str]) -> dict[str, bool]:
    """Return 'ip', 'ip6' and each bridge -> whether it forwards; what cannot be read is left out."""
    paths = {**HOST, **{bridge: f"ipv4/conf/{bridge}/forwarding" for bridge in bridges}}
    found = {}
    for name, path in paths.items():
        with contextlib.suppress(OSError):
            found[name] = (procfs / "sys/net" / path).read_text().strip() != "0"
    return found
