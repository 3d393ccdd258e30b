"""Whether packets that a bridge passes on meet the rules of iptables: switches of br_netfilter, of each namespace."""

from pathlib import Path

FOLDER = Path("/proc/sys/net/bridge")  # shows the reading thread's namespace, wherever another /proc is mounted
SWITCHES = {4: "bridge-nf-call-iptables", 6: "bridge-nf-call-ip6tables"}


def read_bridge_filter(folder: Path = FOLDER) -> frozenset[int]:
    """Return the IP versions that are switched on; none where br_netfilter is not loaded. Raises OSError."""
    return frozenset(version for version, name in SWITCHES.items() if _is_on(folder / name))


def _is_on(file: Path) -> bool:
    try:
        return file.read_text().strip() != "0"
    except FileNotFoundError:
        return False
