"""Where findings are in the picture: on an edge, else on a box."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from exporter.core.views.finding_rows import FindingRow
from exporter.core.views.host_view import NAMES_CONTAINER, RANK
from exporter.web.page.picture import Box, Edge, Picture

Element = TypeVar("Element", Box, Edge)


def with_faults(picture: Picture, findings: Iterable[FindingRow], homes: Mapping[str, str], host: str) -> Picture:
    """Mark each finding once; `homes` has the network of each container's group, `host` is the box of the rest."""
    drawn = {box.key for box in picture.boxes} | {f"endpoint/{line.endpoint}" for line in picture.lines}
    found: dict[str, list[FindingRow]] = {}
    for finding in findings:
        found.setdefault(_place(finding, homes, drawn, host), []).append(finding)
    return Picture(
        tuple(_marked(box, found.get(box.key, [])) for box in picture.boxes),
        tuple(_marked(line, found.get(f"endpoint/{line.endpoint}", [])) for line in picture.lines),
        picture.height,
    )


def _marked(element: Element, findings: list[FindingRow]) -> Element:
    if not findings:
        return element
    severity = max((finding.severity for finding in findings), key=RANK.__getitem__)
    return replace(element, severity=severity, faults=tuple(f"{one.severity}: {one.detail}" for one in findings))


def _place(finding: FindingRow, homes: Mapping[str, str], drawn: Collection[str], host: str) -> str:
    return next((key for key in _candidates(finding, homes) if key in drawn), host)


def _candidates(finding: FindingRow, homes: Mapping[str, str]) -> Iterator[str]:
    """Yield the keys of elements, the most specific first."""
    labels = {name: str(value) for name, value in finding.labels.items() if value}
    network = labels.get("network", "")
    for name in NAMES_CONTAINER:
        container = labels.get(name, "")
        if container in homes:
            yield from (f"endpoint/{network}/{container}", f"container/{container}", f"group/{homes[container]}")
    if network:
        yield f"network/{network}"
    for name in ("device", "subject"):
        yield f"uplink/{labels.get(name, '')}"
