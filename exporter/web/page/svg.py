"""The picture as SVG, with attributes and classes only: the page's policy forbids inline styles."""

from collections.abc import Callable

from exporter.web.page.boxes import CONTAINER_WIDTH, CONTAINER_X, HOST_X, NETWORK_X, WIDTH
from exporter.web.page.markup import MARKS, Html, el, joined, shortened, text
from exporter.web.page.picture import GAP, ROW, Box, Edge, Picture

TITLE_AT, SUBTITLE_AT, INDENT = 17, 32, 12
CHARACTER, SMALL = 8, 6.2  # widths of a character of a title, and of what is smaller, about
# Edges of endpoints are straight up to this x, so that none crosses the text next to another.
STRAIGHT_TO = 500
FAULT_X, FAULT_RADIUS = 505, 10  # the mark of an edge with findings
ENDPOINT_X = CONTAINER_X + CONTAINER_WIDTH + 10
HEADINGS = ((CONTAINER_X, "Containers"), (ENDPOINT_X, "Endpoints"), (NETWORK_X, "Networks"), (HOST_X, "Host"))


def svg(picture: Picture, link: Callable[[Box], str]) -> Html:
    """Write the SVG; `link` returns the link of a box."""
    return el(
        "svg",
        el("title", text("Containers, their networks, the host and its uplinks")),
        joined(el("text", text(word), x=x, y=18, class_="heading") for x, word in HEADINGS),
        joined(_line(line) for line in picture.lines),
        joined(_box(box, link(box)) for box in picture.boxes),
        joined(_fault(line, link(line.start)) for line in picture.lines if line.faults),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {picture.height}",
        width=WIDTH,
        height=picture.height,
        class_="picture",
        role="group",
        aria_label="Topology",
    )


def _box(box: Box, href: str) -> Html:
    mark = f"{MARKS[box.severity]} " if box.severity else ""
    return el(
        "a",
        el("title", text(f"{box.title} · {box.subtitle} {box.note}")),
        el("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=6),
        _words(box, mark),
        href=href,
        class_=f"box {box.key.partition('/')[0]} {box.severity or 'fine'}",
        data_key=box.key,
        data_faults="\n".join(box.faults) or None,
        aria_label=", ".join((box.title, box.subtitle, *box.faults)),
    )


def _fault(line: Edge, href: str) -> Html:
    """Write the mark of an edge with findings."""
    return el(
        "a",
        el("circle", cx=FAULT_X, cy=line.start_y, r=FAULT_RADIUS),
        el("text", text(MARKS[line.severity]), x=FAULT_X, y=line.start_y + 4),
        href=href,
        class_=f"fault {line.severity}",
        data_key=f"endpoint/{line.endpoint}",
        data_faults="\n".join(line.faults),
        aria_label=", ".join((line.endpoint, *line.faults)),
    )


def _words(box: Box, mark: str) -> Html:
    """Write the texts of a box; an inner svg clips a text that is wider than estimated."""
    inner = box.width - 2 * INDENT
    note_width = round(len(box.note) * SMALL) + INDENT if box.note else 0
    title = mark + shortened(box.title, (inner - note_width) // CHARACTER - len(mark))
    subtitle = shortened(box.subtitle, int(inner / SMALL))
    top = (box.height - (ROW - GAP)) // 2
    return joined(
        (
            _cut(box, inner - note_width, el("text", text(title), x=0, y=top + TITLE_AT, class_="name")),
            _cut(box, inner, el("text", text(subtitle), x=0, y=top + SUBTITLE_AT, class_="more")),
            el("text", text(box.note), x=box.x + box.width - INDENT, y=box.y + top + TITLE_AT, class_="note")
            if box.note
            else "",
        )
    )


def _cut(box: Box, width: int, words: Html) -> Html:
    return el("svg", words, x=box.x + INDENT, y=box.y, width=width, height=box.height)


def _line(line: Edge) -> Html:
    drawn = el("path", d=_path(line), class_=f"line {line.severity or 'fine'}", data_endpoint=line.endpoint or None)
    if not line.endpoint:
        return drawn
    label = el("text", text(line.label), x=ENDPOINT_X, y=line.start_y - 6, class_="endpoint") if line.label else ""
    return drawn + label + el("text", x=ENDPOINT_X, y=line.start_y + 15, class_="rate", data_rate=line.endpoint)


def _path(line: Edge) -> str:
    x1, y1, x2, y2 = line.start.x + line.start.width, line.start_y, line.end.x, line.end.middle
    if line.start.x == line.end.x:
        x1 = x2 = line.start.x + line.start.width // 2
        return f"M{x1} {line.start.y + line.start.height}V{line.end.y}"
    straight = STRAIGHT_TO if line.start.x == CONTAINER_X else x1
    bend = (x2 - straight) // 2
    return f"M{x1} {y1}H{straight}C{straight + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
