import pytest

from grafana.build import BOARDS, FOLDER, rendered
from grafana.grid import Grid
from grafana.panels import figure


@pytest.mark.parametrize("name", BOARDS)
def test_the_committed_dashboard_is_what_the_code_makes(name: str) -> None:
    """`make dashboards` writes them."""
    assert (FOLDER / f"{name}.json").read_text() == rendered(name)


def test_no_dashboard_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(BOARDS)


def test_panels_stand_in_lines_and_a_line_is_as_high_as_its_highest() -> None:
    grid = Grid()
    grid.row("first")
    grid.place(12, 4, *(figure("", "", "", "short") for _ in range(3)))
    grid.place(6, 8, figure("", "", "", "short"))
    grid.row("second")
    places = [(p.grid_pos.x, p.grid_pos.y, p.grid_pos.w, p.grid_pos.h) for p in grid.panels if p.grid_pos]
    assert places == [(0, 0, 24, 1), (0, 1, 12, 4), (12, 1, 12, 4), (0, 5, 12, 4), (12, 5, 6, 8), (0, 13, 24, 1)]
    assert [panel.id_val for panel in grid.panels] == [1, 2, 3, 4, 5, 6]
