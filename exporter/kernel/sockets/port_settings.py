"""Which local ports the kernel hands out by itself."""

from pathlib import Path

from exporter.kernel.kept_file import KeptFile
from exporter.kernel.proc import read_text

# They show the reading thread's namespace, wherever a /proc is mounted.
LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
RESERVED_PORTS = Path("/proc/sys/net/ipv4/ip_local_reserved_ports")


class PortSettings:
    """Which ports the kernel hands out by itself, in the namespace of the thread that reads first. Not thread-safe."""

    def __init__(self) -> None:
        self._range, self._reserved = KeptFile(LOCAL_PORTS), KeptFile(RESERVED_PORTS)

    def read(self) -> tuple[tuple[int, int], tuple[tuple[int, int], ...]]:
        """Return the first and the last one, and the ranges that are left out. Raises OSError."""
        return parse_local_ports(self._range.read()), parse_reserved_ports(self._reserved.read())

    def close(self) -> None:
        """Close the files."""
        self._range.close()
        self._reserved.close()


def read_local_ports() -> tuple[int, int]:
    """Read the first and the last port that the kernel hands out by itself, in the calling thread's namespace."""
    return parse_local_ports(read_text(LOCAL_PORTS))


def parse_local_ports(text: str) -> tuple[int, int]:
    """Parse net.ipv4.ip_local_port_range."""
    first, last = text.split()
    return int(first), int(last)


def read_reserved_ports() -> tuple[tuple[int, int], ...]:
    """Read which of them it does not hand out, as the first and the last of each range."""
    return parse_reserved_ports(read_text(RESERVED_PORTS))


def parse_reserved_ports(text: str) -> tuple[tuple[int, int], ...]:
    """Parse net.ipv4.ip_local_reserved_ports, such as `8080,9000-9010`."""
    ranges = (part.partition("-") for part in text.strip().split(",") if part)
    return tuple((int(first), int(last or first)) for first, _, last in ranges)
