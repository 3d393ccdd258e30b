"""Consecutive ports as ranges, as `docker ps` writes them."""

from collections import defaultdict
from collections.abc import Iterable

from exporter.core.model.container_details import PortBinding

Range = tuple[int, int]  # the first and the last


def ranges(ports: Iterable[int]) -> list[Range]:
    """Join consecutive numbers."""
    found: list[Range] = []
    for port in sorted(set(ports)):
        if found and port == found[-1][1] + 1:
            found[-1] = found[-1][0], port
        else:
            found.append((port, port))
    return found


def numbers(found: Range) -> range:
    """Return the ports of a range."""
    return range(found[0], found[1] + 1)


def range_text(found: Range) -> str:
    """Write 80, or 8000-8010."""
    first, last = found
    return str(first) if first == last else f"{first}-{last}"


def published_ranges(bindings: Iterable[PortBinding]) -> tuple[str, ...]:
    """Write ports in effect: 0.0.0.0:8000-8010->80-90/tcp; ranges have the same address, protocol and distance."""
    groups: dict[tuple[str, str, int | None], list[int]] = defaultdict(list)
    for one in bindings:
        distance = one.host_port - one.container_port if one.host_port else None
        groups[one.host_ip, one.protocol, distance].append(one.container_port)
    return tuple(_text(*group, found) for group, ports in groups.items() for found in ranges(ports))


def _text(host_ip: str, protocol: str, distance: int | None, found: Range) -> str:
    inside = f"{range_text(found)}/{protocol}"
    if distance is None:
        return inside
    address = f"[{host_ip}]" if ":" in host_ip else host_ip
    return f"{address}:{range_text((found[0] + distance, found[1] + distance))}->{inside}"
