"""What the picture is made of: boxes in rows, and lines between them."""

from dataclasses import dataclass

ROW, GAP, TOP = 52, 12, 34


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in the picture; `group` is the network whose containers it stands for, '' for a thing of its own."""

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

    @property
    def height(self) -> int:
        """Of all its rows."""
        return self.rows * ROW - GAP

    @property
    def middle(self) -> int:
        """The height at which lines end."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two boxes; it leaves the first at one of its rows.

    `endpoint` is whose rates it shows, `label` what the endpoint is called; both '' where it stands for many.
    """

    start: Box
    end: Box
    endpoint: str = ""
    severity: str = ""
    label: str = ""
    row: int = 0

    @property
    def start_y(self) -> int:
        """Where it leaves."""
        return self.start.y + self.row * ROW + (ROW - GAP) // 2


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes and lines, and how high it is."""

    boxes: tuple[Box, ...]
    lines: tuple[Edge, ...]
    height: int
