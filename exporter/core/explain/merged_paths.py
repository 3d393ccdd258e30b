"""Paths with equal steps are one: both families of a port, and consecutive ports."""

from collections.abc import Iterable

from msgspec.structs import replace

from exporter.core.explain.path import OK, Path


def merged(paths: Iterable[Path]) -> list[Path]:
    """Merge the paths of both families of a port, then those of consecutive ports; the first one's steps stand."""
    found: list[Path] = []
    places: dict[tuple[object, ...], int] = {}
    for path in paths:
        key = path.port, path.container_port, *_shape(path)
        if key in places:
            same = found[places[key]]
            found[places[key]] = replace(same, addresses=same.addresses + path.addresses)
        else:
            places[key] = len(found)
            found.append(path)
    return _with_ranges(found)


def _shape(path: Path) -> tuple[object, ...]:
    """What a path has in common with another; IPv6 needs no rule where docker-proxy serves it alone."""
    states = {step.name: (step.state, step.code) for step in path.steps if step.state != OK}
    return path.protocol, path.container, tuple(states.items())


def _with_ranges(paths: Iterable[Path]) -> list[Path]:
    """Merge consecutive ports that lead to consecutive ports of one container, or that are not published at all."""
    found: list[Path] = []
    order = sorted(enumerate(paths), key=lambda pair: (pair[1].protocol, pair[1].port, pair[0]))
    first_seen: dict[int, int] = {}
    last_of: dict[tuple[object, ...], int] = {}
    for place, path in order:
        key = path.addresses, path.container_port - path.port, *_shape(path)
        at = last_of.get(key)
        if at is not None and path.port and path.port == (found[at].last_port or found[at].port) + 1:
            found[at] = replace(found[at], last_port=path.port)
            first_seen[at] = min(first_seen[at], place)
            continue
        last_of[key], first_seen[len(found)] = len(found), place
        found.append(path)
    return [found[at] for at in sorted(first_seen, key=first_seen.__getitem__)]
