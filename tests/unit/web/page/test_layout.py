from itertools import combinations

import pytest

from exporter.core.observation import Observation
from exporter.core.views.host_view import build_view
from exporter.web.page.layout import MANY, layout
from exporter.web.page.picture import Box
from tests.support.page_hosts import large, shop

OPENED = frozenset({"net1"})


def overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not beside and not above


@pytest.mark.parametrize(("seen", "opened"), [(shop(), frozenset()), (large(300), frozenset()), (large(300), OPENED)])
def test_no_two_boxes_overlap_and_all_are_in_the_picture(seen: Observation, opened: frozenset[str]) -> None:
    picture = layout(build_view(seen), opened)
    assert [(a.key, b.key) for a, b in combinations(picture.boxes, 2) if overlap(a, b)] == []
    assert max(box.y + box.height for box in picture.boxes) < picture.height


def test_positions_do_not_depend_on_numbers() -> None:
    assert layout(build_view(shop(0))) == layout(build_view(shop(10**15))) == layout(build_view(shop(None)))


def test_every_endpoint_has_a_line_of_its_own_height() -> None:
    lines = [line for line in layout(build_view(shop())).lines if line.endpoint]
    assert {line.endpoint for line in lines} == {"front/web", "back/web", "back/db"}
    assert len({line.start_y for line in lines}) == len(lines)


def test_lines_lead_from_containers_to_networks_to_the_host_to_its_uplink() -> None:
    assert {(line.start.key, line.end.key) for line in layout(build_view(shop())).lines} == {
        ("container/web", "network/front"),
        ("container/web", "network/back"),
        ("container/db", "network/back"),
        ("container/agent", "stack/"),
        ("network/front", "host/"),
        ("stack/", "host/"),
        ("host/", "uplink/eth0"),
    }


def test_a_sharer_stands_right_under_its_owner() -> None:
    containers = [box.key for box in layout(build_view(shop())).boxes if box.key.startswith("container/")]
    assert containers.index("container/sidecar") == containers.index("container/web") + 1


def test_no_containers_at_all_is_a_picture_of_the_host() -> None:
    assert [box.key for box in layout(build_view(large(0))).boxes] == [
        "network/net0",
        "network/net1",
        "network/net2",
        "host/",
    ]


def test_a_large_host_has_one_box_for_each_network_until_it_is_opened() -> None:
    closed, opened = layout(build_view(large(300))), layout(build_view(large(300)), OPENED)
    groups = [(box.key, box.title, box.note) for box in closed.boxes if box.group]
    assert groups == [(f"group/net{number}", "100 containers", "show") for number in range(3)]
    assert [box for box in closed.boxes if box.key.startswith("container/")] == []
    shown = [box.title for box in opened.boxes if box.key.startswith("container/")]
    assert shown == [f"c{number:03}" for number in range(1, 300, 3)]


@pytest.mark.parametrize(("containers", "boxes"), [(MANY, MANY), (MANY + 1, 0)])
def test_containers_are_collapsed_only_when_they_are_many(containers: int, boxes: int) -> None:
    picture = layout(build_view(large(containers)))
    assert sum(box.key.startswith("container/") for box in picture.boxes) == boxes
