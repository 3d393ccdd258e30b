"""What `top` shows, and how keys change it."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

ENDPOINTS, PEERS, CONFLICTS, FINDINGS = VIEWS = ("endpoints", "peers", "conflicts", "findings")
SORTS = {"n": "name", "r": "received", "s": "sent", "t": "total"}
UP, DOWN, PAGE_UP, PAGE_DOWN = "up", "down", "page up", "page down"
ENTER, ESCAPE, BACKSPACE, TAB = "enter", "escape", "backspace", "tab"
SEQUENCES = {
    "\x1b[A": UP, "\x1bOA": UP, "\x1b[B": DOWN, "\x1bOB": DOWN, "\x1b[5~": PAGE_UP, "\x1b[6~": PAGE_DOWN,
}  # fmt: skip
CONTROLS = {"\r": ENTER, "\n": ENTER, "\x1b": ESCAPE, "\x7f": BACKSPACE, "\b": BACKSPACE, "\t": TAB}
MOVES = {UP: -1, "k": -1, DOWN: 1, "j": 1, PAGE_UP: -10, PAGE_DOWN: 10}
PLACES = ("1", "2", "3", "4")
FILTER_LENGTH = 64


class State(Struct, frozen=True):
    """`words` is the filter, `editing` while it is typed; `offset` is the number of rows above the first shown one."""

    view: str = ENDPOINTS
    sort: str = "total"
    words: str = ""
    editing: bool = False
    offset: int = 0


def keys(typed: str) -> list[str]:
    """Split what a terminal sent: names of special keys, and characters."""
    found = []
    while typed:
        sequence = next((one for one in SEQUENCES if typed.startswith(one)), typed[0])
        found.append(SEQUENCES.get(sequence) or CONTROLS.get(sequence, sequence))
        typed = typed[len(sequence) :]
    return found


def press(state: State, key: str) -> State | None:
    """Return the next state; None ends the view."""
    if state.editing:
        return _edit(state, key)
    return None if key == "q" else replace(state, **_changes(state, key))


def _changes(state: State, key: str) -> dict[str, Any]:
    """Return the fields that a key changes."""
    if key in SORTS:
        return {"sort": SORTS[key], "offset": 0}
    if key in MOVES:
        return {"offset": max(0, state.offset + MOVES[key])}
    if key == TAB or key in PLACES:
        place = PLACES.index(key) if key in PLACES else (VIEWS.index(state.view) + 1) % len(VIEWS)
        return {"view": VIEWS[place], "offset": 0}
    if key == ESCAPE:
        return {"words": "", "offset": 0}
    return {"editing": True} if key == "/" else {}


def _edit(state: State, key: str) -> State:
    if key in (ENTER, TAB):
        return replace(state, editing=False)
    if key == ESCAPE:
        return replace(state, editing=False, words="", offset=0)
    if key == BACKSPACE:
        return replace(state, words=state.words[:-1], offset=0)
    if len(key) == 1 and key.isprintable() and len(state.words) < FILTER_LENGTH:
        return replace(state, words=state.words + key, offset=0)
    return state
