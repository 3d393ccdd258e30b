import pytest

from exporter.cli.live_view.state import FILTER_LENGTH, State, keys, press


def after(typed: str, state: State | None = None) -> State | None:
    """The state after these keys."""
    found: State | None = state or State()
    for key in keys(typed):
        found = press(found, key) if found else None
    return found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("n", State(sort="name")),
        ("r", State(sort="received")),
        ("jj\x1b[B\x1b[A", State(offset=2)),
        ("\x1b[6~\x1b[5~k", State()),
        ("\t", State(view="peers")),
        ("\t\t\t\t", State()),
        ("j4", State(view="findings")),
        ("/we\x7feb\r", State(words="web")),
        ("/web\x1b", State()),
        ("/q4", State(words="q4", editing=True)),
        ("/web\r\x1b", State()),
        ("x\x00é", State()),
        ("q", None),
        ("/web\rq", None),
    ],
)
def test_keys_change_what_is_shown(typed: str, found: State | None) -> None:
    assert after(typed) == found


def test_a_filter_is_cut_at_its_limit() -> None:
    found = after("/" + "a" * 1000)
    assert found
    assert len(found.words) == FILTER_LENGTH
