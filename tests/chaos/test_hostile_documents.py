"""Whatever the engine says and however things are named: nothing ends, and names are read back as they were."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.core.topology.topology import join
from exporter.docker_engine.client import PARSE_ERRORS
from exporter.docker_engine.parse import parse_inspected, parse_listed, parse_network
from exporter.docker_engine.parse_network_inspect import parse_network_inspect
from tests.support import builders
from tests.support.fake_engine import ENGINE
from tests.support.families import exposed, values
from tests.support.hostile_texts import JSON, mutated, places
from tests.support.recorded import answer

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("recorded", "parse"),
    [
        ("running", parse_inspected),
        ("running", parse_listed),
        ("network", parse_network),
        ("network", parse_network_inspect),
    ],
    ids=["inspect", "list", "networks", "network"],
)
@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_mutated_document_is_parsed_or_refused_as_one_not_understood(
    recorded: str, parse: Any, data: st.DataObject
) -> None:
    """Any other error would cost the whole list: the client leaves out a row for these alone."""
    document = answer(ENGINE, recorded)
    path = data.draw(st.sampled_from(places(document)))
    with contextlib.suppress(*PARSE_ERRORS):
        parse(mutated(document, path, data.draw(JSON)))


@pytest.mark.parametrize("openmetrics", [False, True], ids=["text", "openmetrics"])
@given(container=NAMES, network=NAMES, image=NAMES)
@settings(max_examples=100, deadline=None)
def test_hostile_names_are_read_back_as_they_were(openmetrics: bool, container: str, network: str, image: str) -> None:  # noqa: FBT001
    found = builders.inventory(
        builders.run(container, network=network, image=image, container_id="web-id"),
        builders.network(network, network_id="front-net"),
    )
    text = exposed(builders.observed(join(found, builders.devices())), openmetrics=openmetrics)
    labels = [dict(key) for name, key in values(text, openmetrics=openmetrics) if name == "dockernet_container_info"]
    assert [(row["container"], row["image"]) for row in labels] == [(container, image)]
    networks = {dict(key)["network"] for name, key in values(text, openmetrics=openmetrics) if "network_info" in name}
    assert networks == {network}
