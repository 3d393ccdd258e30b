"""What to do on a host of Podman is said in its commands."""

import re

import pytest
from msgspec.structs import replace

from exporter.core.explain.code import DOCKER_WORDS, PODMAN_WORDS, words_of
from exporter.core.explain.codes import CODES
from exporter.core.explain.path import DNAT, FAILED, Step, with_names
from exporter.core.model.docker import PODMAN
from tests.support.builders import ENGINE


def test_the_words_are_those_of_the_engine_and_dockers_where_none_is_known() -> None:
    assert words_of(replace(ENGINE, product=PODMAN)) is PODMAN_WORDS
    assert words_of(ENGINE) is words_of(None) is DOCKER_WORDS


@pytest.mark.parametrize("code", CODES)
def test_every_remedy_has_podmans_words(code: str) -> None:
    remedy = with_names(Step(DNAT, FAILED, "a detail", code), PODMAN_WORDS, "web").remedy
    assert not re.search(r"`docker |Docker Engine|start docker|[{}]", remedy)


def test_names_are_never_taken_for_fields_or_words() -> None:
    step = Step(DNAT, FAILED, "a detail", "container_paused")
    assert with_names(step, PODMAN_WORDS, "docker{cli}NAME").remedy == "Run `podman unpause docker{cli}NAME`."
    given = Step(DNAT, FAILED, "a detail", "container_paused", "Run `podman restart docker`.")
    assert with_names(given, PODMAN_WORDS, "web") is given


def test_the_network_of_a_remedy_is_the_default_one_where_none_is_known() -> None:
    step = Step(DNAT, FAILED, "a detail", "no_common_network")
    assert with_names(step, PODMAN_WORDS, "web").remedy == "Run `podman network connect podman web`."
    assert with_names(step, DOCKER_WORDS, "web", network="shop").remedy == "Run `docker network connect shop web`."
