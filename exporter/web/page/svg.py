"""The picture as SVG: attributes and classes only, for the page's policy forbids styles."""

from collections.abc import Callable

from exporter.web.page.layout import GAP, ROW, WIDTH, Box, Line, Picture
from exporter.web.page.markup import Html, el, joined, shortened, text

TITLE_AT, SUBTITLE_AT, INDENT = 17, 33, 12
CHARACTER = 8  # width of a character of a title, about
BEND = 0.45
MARKS = {"critical": "▲", "warning": "△", "info": "·"}  # colour is not the only sign
HEADINGS = ((10, "Containers"), (460, "Networks"), (850, "Host"))


def svg(picture: Picture, link: Callable[[Box], str]) -> Html:
    """Draw it; `link` is where a box leads."""
    headings = joined(el("text", text(word), x=x, y=18, class_="heading") for x, word in HEADINGS)
    lines = joined(_line(line) for line in picture.lines)
    boxes = joined(_box(box, link(box)) for box in picture.boxes)
    return el(
        "svg",
        el("title", text("Containers, the networks that they are on, and the way out of the host")),
        headings,
        lines,
        boxes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {picture.height}",
        width=WIDTH,
        height=picture.height,
        class_="picture",
        role="group",
        aria_label="Topology",
    )


def _box(box: Box, href: str) -> Html:
    inner = box.width - 2 * INDENT
    mark = f"{MARKS[box.severity]} " if box.severity else ""
    most = (inner // CHARACTER) - (len(box.note) * 7 // CHARACTER + 2 if box.note else 0)
    said = f", {box.severity}" if box.severity else ""
    return el(
        "a",
        el("title", text(f"{box.title} · {box.subtitle} {box.note}")),
        el("rect", x=box.x, y=box.y, width=box.width, height=ROW - GAP, rx=6),
        el(
            "text", text(mark + shortened(box.title, max(8, most))), x=box.x + INDENT, y=box.y + TITLE_AT, class_="name"
        ),
        el("text", text(shortened(box.subtitle, inner // 6)), x=box.x + INDENT, y=box.y + SUBTITLE_AT, class_="more"),
        el("text", text(box.note), x=box.x + box.width - INDENT, y=box.y + TITLE_AT, class_="note") if box.note else "",
        href=href,
        class_=f"box {box.key.partition('/')[0]} {box.severity or 'fine'}",
        data_key=box.key,
        aria_label=f"{box.title}, {box.subtitle}{said}",
    )


def _line(line: Line) -> Html:
    x1, y1, x2, y2 = line.start.x + line.start.width, line.start.middle, line.end.x, line.end.middle
    if line.start.x == line.end.x:
        x1 = x2 = line.start.x + line.start.width // 2
        y1, y2 = line.start.y + ROW - GAP, line.end.y
    bend = (x2 - x1) * BEND
    path = f"M{x1} {y1}C{x1 + bend:.0f} {y1} {x2 - bend:.0f} {y2} {x2} {y2}"
    drawn = el("path", d=path, class_=f"line {line.severity or 'fine'}", data_endpoint=line.endpoint or None)
    if not line.endpoint:
        return drawn
    # Beside the container, where no two lines' texts meet.
    return drawn + el("text", x=x1 + 6, y=y1 - 4, class_="rate", data_rate=line.endpoint)
