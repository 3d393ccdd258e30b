import re
from html import unescape

import pytest
from msgspec.structs import replace

from exporter.core.history.change import (
    BRIDGE_CHANGED,
    CONTAINER_DIED,
    FINDING_BEGAN,
    FINDING_ENDED,
    RULES_REMOVED,
    UPLINK_CHANGED,
    Change,
)
from exporter.web.page.changes import MAX_SHOWN, History, change_list

DIED = Change(CONTAINER_DIED, "web", "running", "exit code 1", 100.0, container="web", network="front")
BRIDGE = Change(BRIDGE_CHANGED, "br-front", "up", "down", 200.0, network="front")
UPLINK = Change(UPLINK_CHANGED, "eth0", "up", "down", 300.0)
RULES = Change(RULES_REMOVED, "netfilter", "8 rules", "0 rules", 400.0, by="nft")
BEGAN = Change(FINDING_BEGAN, "web", "", "critical", 500.0, container="web", detail="no rule", finding="missing_dnat")
ENDED = replace(BEGAN, kind=FINDING_ENDED, before="critical", after="", time=560.0, seconds=60.0)
ALL = History((DIED, BRIDGE, UPLINK, RULES, BEGAN, ENDED), 50.0)


def items(history: History, shown: str = "") -> list[tuple[str, str]]:
    """The classes and the text of each entry."""
    found = re.findall(r'<li class="change ([^"]+)">(.*?)</li>', change_list(history, shown))
    return [(classes, unescape(re.sub("<[^>]+>", "", body))) for classes, body in found]


def test_the_latest_is_first_and_the_begin_of_a_finding_is_marked() -> None:
    assert items(ALL) == [
        ("finding_ended", "1970-01-01 00:09:20 finding ended web: missing_dnat, no rule, after 60 s"),
        ("finding_began critical", "1970-01-01 00:08:20 ▲ finding began web: missing_dnat, no rule"),
        ("rules_removed", "1970-01-01 00:06:40 rules removed netfilter: 8 rules → 0 rules, by nft"),
        ("uplink_changed", "1970-01-01 00:05:00 uplink changed eth0: up → down"),
        ("bridge_changed", "1970-01-01 00:03:20 bridge changed br-front: up → down"),
        ("container_died", "1970-01-01 00:01:40 container died web: running → exit code 1"),
    ]


@pytest.mark.parametrize(
    ("shown", "selected"),
    [
        ("container/web", ["finding_ended", "finding_began critical", "container_died"]),
        ("network/front", ["bridge_changed", "container_died"]),
        ("uplink/eth0", ["uplink_changed"]),
        ("container/db", []),
    ],
)
def test_the_selection_filters_the_list(shown: str, selected: list[str]) -> None:
    assert [classes for classes, _ in items(ALL, shown)] == selected


def test_an_empty_list_has_the_time_from_which_changes_are_recorded() -> None:
    assert "Nothing since 1970-01-01 00:00:50." in change_list(ALL, "container/db")


def test_a_long_history_is_cut_to_its_latest_entries() -> None:
    many = History(tuple(replace(DIED, time=float(number)) for number in range(10_000)))
    assert len(items(many)) == MAX_SHOWN
    assert items(many)[0][1].startswith("1970-01-01 02:46:39")


@pytest.mark.parametrize("hostile", ["<script>", '"><b>', "</li></ol>", "&amp;"])
def test_what_others_name_is_text(hostile: str) -> None:
    change = replace(DIED, subject=hostile, after=hostile, detail=hostile, container=hostile)
    written = change_list(History((change,)), f"container/{hostile}")
    harmless = change_list(History((replace(DIED, detail="x"),)), "container/web")
    assert re.findall(r"<\w+", written) == re.findall(r"<\w+", harmless)
