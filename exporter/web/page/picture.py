"""The elements of the picture: boxes in rows, and edges between them."""

from msgspec import Struct

ROW, GAP, TOP = 52, 12, 34


class Box(Struct, frozen=True):
    """A box; `group` is the network whose containers it stands for, '' if it stands for itself.

    `faults` are the sentences of its findings, `severity` that of the worst.
    """

    key: str
    x: int
    y: int
    width: int
    title: str
    subtitle: str
    severity: str = ""
    group: str = ""
    note: str = ""
    rows: int = 1
    faults: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """The height of all its rows."""
        return self.rows * ROW - GAP

    @property
    def middle(self) -> int:
        """The y coordinate at which edges end."""
        return self.y + self.height // 2


class Edge(Struct, frozen=True):
    """An edge between two boxes; it starts at one row of the first.

    `endpoint` is whose rates it shows, `label` what the endpoint is called; both '' where it stands for many.
    """

    start: Box
    end: Box
    endpoint: str = ""
    severity: str = ""
    label: str = ""
    row: int = 0
    faults: tuple[str, ...] = ()

    @property
    def start_y(self) -> int:
        """The y coordinate at which it starts."""
        return self.start.y + self.row * ROW + (ROW - GAP) // 2


class Picture(Struct, frozen=True):
    """Boxes, edges, and the height of all."""

    boxes: tuple[Box, ...]
    lines: tuple[Edge, ...]
    height: int
