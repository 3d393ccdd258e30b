"""Hosts of which an engine answers anything: what is shown of them is shown, whatever their texts and numbers are."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.cli.output import graph, topology
from exporter.cli.output.text import printable
from exporter.core.explain.explain import explain
from exporter.core.history.detector import ChangeDetector
from exporter.core.model.docker import Inventory
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.core.views.finding_rows import findings
from exporter.core.views.host_view import build_view
from exporter.docker_engine.client import PARSE_ERRORS
from exporter.docker_engine.parse import parse_inspected, parse_network
from exporter.web.page import api
from exporter.web.page.document import Page
from exporter.web.page.state import PageState
from tests.conftest import EXAMPLES
from tests.support import builders
from tests.support.fake_engine import ENGINE
from tests.support.families import exposed, values
from tests.support.hostile_texts import JSON, TEXTS, mutated, places
from tests.support.recorded import answer

DOCUMENTS: dict[str, Callable[[Any], Any]] = {"running": parse_inspected, "network": parse_network}


@st.composite
def hosts(draw: st.DrawFn) -> Inventory:
    """A container and a network of which some values are others."""
    parsed: list[Any] = []
    for recorded, parse in DOCUMENTS.items():
        document = answer(ENGINE, recorded)
        for _ in range(draw(st.integers(0, 3))):
            document = mutated(document, draw(st.sampled_from(places(document))), draw(TEXTS | JSON))
        with contextlib.suppress(*PARSE_ERRORS):
            parsed.append(parse(document))
    return builders.inventory(*parsed)


def shown(observation: Observation) -> list[str]:
    """Everything that is written of an observation."""
    view = build_view(observation)
    name = next(iter(name for name in (c.name for c in view.containers)), "")
    return [
        Page(observation, "1", "/metrics").render(PageState(f"container/{name}", frozenset({"bridge"}))),
        *(write(observation) for write in (api.topology, api.ports, api.found, api.counters)),
        api.explained(explain(observation, name)) if name else "",
        *(write(view) for write in (topology.document, graph.dot, graph.mermaid)),
        *(printable(line.detail) for line in findings(observation)),
    ]


@given(before=hosts(), after=hosts())
@settings(max_examples=EXAMPLES // 3)
def test_whatever_the_engine_answers_is_shown(before: Inventory, after: Inventory) -> None:
    detector = ChangeDetector()
    for now, inventory in enumerate((before, after)):
        observation = builders.observed(join(inventory, builders.devices()))
        detector.update_inventory(inventory, now)
        changes = detector.observe(observation, now)
        for text in (*shown(observation), api.changes(changes, 0.0)):
            text.encode()
        json.loads(api.topology(observation))
        for openmetrics in (False, True):
            assert values(exposed(observation, openmetrics=openmetrics), openmetrics=openmetrics)
