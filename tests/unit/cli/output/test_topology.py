"""What `topology` prints, in each of its forms."""

import json
import re
from functools import partial
from typing import Any

from msgspec.structs import replace

from exporter.cli.output.graph import dot, mermaid
from exporter.cli.output.topology import document, parse_view, print_tree
from exporter.core.views.host_view import build_view
from exporter.web.page import api
from tests.support.builders import inventory, network, observed, run, shop
from tests.support.terminal import printed

SHOP = observed(shop())
DRAWN = build_view(SHOP)
EVIL = replace(
    SHOP,
    topology=replace(
        SHOP.topology,
        attachments=(),
        owners={},
        inventory=inventory(run('a"]\x1b[2J\\', network="host"), network("none", driver="null")),
    ),
)


def depths(lines: list[str], *names: str) -> list[tuple[str, int]]:
    """Which of the names begins each line, and how far it is indented; lines with none are left out."""
    words = [(line, line.lstrip("│├└─ ")) for line in lines]
    return [(name, len(line) - len(word)) for line, word in words for name in names if re.match(rf"{name}\b", word)]


def test_the_tree_has_each_network_with_its_members_and_then_the_others(sentence: Any) -> None:
    lines = printed(partial(print_tree, DRAWN))
    assert depths(lines, "network back", "network front", "db", "web", "sharer", "monitoring", "idle", "uplink") == [
        ("network back", 4),
        ("db", 8),
        ("web", 8),
        ("sharer", 12),
        ("network front", 4),
        ("web", 8),
        ("sharer", 12),
        ("monitoring", 8),
        ("idle", 8),
        ("uplink", 4),
    ]
    assert "\n".join(lines) == sentence


def test_sharers_stand_below_whose_namespace_it_is_and_those_of_nobody_by_themselves(sentence: Any) -> None:
    drawn = replace(
        DRAWN,
        networks=(),
        uplinks=(),
        containers=(
            *(container for container in DRAWN.containers if container.name in ("monitoring", "idle")),
            *(
                replace(DRAWN.containers[0], name=name, mode="container", owner=owner)
                for name, owner in (("side", "monitoring"), ("lonely", "idle"), ("orphan", "0123456789ab"))
            ),
        ),
    )
    lines = printed(partial(print_tree, drawn))
    assert depths(lines, "monitoring", "side", "idle", "lonely", "orphan") == [
        ("monitoring", 8),
        ("side", 12),
        ("idle", 8),
        ("lonely", 12),
        ("orphan", 8),
    ]
    assert "\n".join(lines) == sentence


def test_the_document_is_what_the_api_tells_and_can_be_read_again() -> None:
    assert document(DRAWN) + "\n" == api.topology(SHOP)
    told = json.loads(document(DRAWN))
    assert parse_view({**told, "newer": 1}) == replace(DRAWN, findings=())


def test_graphs_join_the_same_things() -> None:
    assert mermaid(DRAWN).splitlines()[0] == "flowchart LR"
    assert '  n4 ---|"eth0 172.18.0.2"| n6' in mermaid(DRAWN).splitlines()
    assert '  n4 -- n6 [label="eth0 172.18.0.2"];' in dot(DRAWN).splitlines()
    assert '  n4 [shape=box, label="web"];' in dot(DRAWN).splitlines()
    assert any(line.startswith("  n3 -- n4 [label=") for line in dot(DRAWN).splitlines())
    assert len(dot(DRAWN).splitlines()) - 3 == len(mermaid(DRAWN).splitlines()) - 1


def test_a_name_cannot_write_to_the_terminal_nor_end_a_label() -> None:
    evil = build_view(EVIL)
    assert '  n0 [shape=box, label="a\\"]?[2J\\\\"];' in dot(evil).splitlines()
    assert '  n0["a#quot;]?[2J\\"]' in mermaid(evil).splitlines()
    assert "\x1b" not in "".join(printed(partial(print_tree, evil)))
