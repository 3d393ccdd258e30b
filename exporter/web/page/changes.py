"""The list of changes next to the picture, of what is selected."""

import time
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from msgspec import Struct

from exporter.core.history.change import FINDING_BEGAN, FINDING_ENDED, UPLINK_CHANGED, Change
from exporter.core.history.change_log import Selection, matching
from exporter.web.page.markup import MARKS, Html, el, joined, name, text

MAX_SHOWN = 100
TIME = "%Y-%m-%d %H:%M:%S"


class History(Struct, frozen=True):
    """The changes by their time, recorded since a Unix time."""

    changes: Sequence[Change] = ()
    since: float = 0.0


def change_list(history: History, shown: str) -> Html:
    """Write the latest changes of `kind/name`, of everything for '', the newest first."""
    kind, _, of = shown.partition("/")
    found = list(_selected(history.changes, kind, of))[-MAX_SHOWN:]
    title = el("h2", text("What changed"), text(": ") + name(of) if of else "", id="changes-title")
    query = f"?{kind}={quote(of, safe='', errors='replace')}" if kind in ("container", "network") and of else ""
    more = el("a", text("as JSON"), href=f"/api/v1/history{query}")
    none = el("p", text(f"Nothing since {_moment(history.since)}."))
    rows = el("ol", *(_item(change) for change in reversed(found))) if found else none
    return el(
        "section",
        title,
        el("p", text("Times in UTC, "), more, class_="more"),
        el("div", rows, class_="scroll", tabindex="0", role="region", aria_label="Changes"),
        id="changes",
        aria_labelledby="changes-title",
    )


def _selected(changes: Iterable[Change], kind: str, of: str) -> Iterable[Change]:
    if kind == "uplink":
        return (change for change in changes if change.kind == UPLINK_CHANGED and change.subject == of)
    of_container, of_network = (of if kind == one else "" for one in ("container", "network"))
    return matching(changes, Selection(container=of_container, network=of_network))


def _item(change: Change) -> Html:
    """Write a change; the begin of a finding has its mark and severity."""
    began = change.kind == FINDING_BEGAN
    finding = change.finding if change.kind in (FINDING_BEGAN, FINDING_ENDED) else ""
    mark = f"{MARKS[change.after]} " if began and change.after in MARKS else ""
    return el(
        "li",
        el("time", text(_moment(change.time)), datetime=_moment(change.time).replace(" ", "T") + "Z"),
        text(" "),
        el("strong", text(mark + change.kind.replace("_", " "))),
        text(" "),
        name(change.subject),
        joined(text(": ") + part for part in [_values(change, finding)] if part),
        class_=f"change {change.kind} {change.after if began else ''}".rstrip(),
    )


def _values(change: Change, finding: str) -> Html:
    """Write what was before and after, and the rest."""
    values = (
        f"{change.before or '-'} → {change.after or '-'}" if (change.before or change.after) and not finding else ""
    )
    duration = f"after {change.seconds:.0f} s" if change.seconds is not None else ""
    by = f"by {change.by}" if change.by else ""
    return text(", ").join(name(part) for part in (finding, values, change.detail, duration, by) if part)


def _moment(seconds: float) -> str:
    return time.strftime(TIME, time.gmtime(seconds))
