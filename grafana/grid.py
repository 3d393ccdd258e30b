"""Where panels stand: left to right on 24 columns, in rows that have a title.

The SDK places panels by itself, but neither wraps one that is too wide nor accepts the place (0, 0), and gives no ids.
"""

from itertools import count

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

WIDTH = 24


class Grid:
    """The panels of one dashboard, each with its place and its id."""

    def __init__(self) -> None:
        self.panels: list[dashboard.Panel | dashboard.RowPanel] = []
        self._ids = count(1)
        self._x = self._y = self._height = 0

    def row(self, title: str) -> None:
        """Begin a row of panels."""
        self._new_line()
        place = dashboard.GridPos(h=1, w=WIDTH, x=0, y=self._y)
        self.panels.append(dashboard.RowPanel(title=title, id_val=next(self._ids), grid_pos=place))
        self._y += 1

    def place(self, width: int, height: int, *panels: Builder[dashboard.Panel]) -> None:
        """Put panels of one size next to each other."""
        for builder in panels:
            if self._x + width > WIDTH:
                self._new_line()
            panel = builder.build()
            panel.id_val = next(self._ids)
            panel.grid_pos = dashboard.GridPos(h=height, w=width, x=self._x, y=self._y)
            self.panels.append(panel)
            self._x += width
            self._height = max(self._height, height)

    def _new_line(self) -> None:
        self._x, self._y, self._height = 0, self._y + self._height, 0
