"""What to do on a host of Podman is said in its commands."""

import re
from dataclasses import replace

import pytest

from exporter.core.explain.codes import CODES
from exporter.core.explain.path import DNAT, FAILED, Step
from exporter.core.explain.podman import with_commands_of
from exporter.core.model.docker import PODMAN
from tests.support.builders import ENGINE

POD = replace(ENGINE, product=PODMAN)


@pytest.mark.parametrize("code", CODES)
def test_every_remedy_has_podmans_words(code: str) -> None:
    step = Step(DNAT, FAILED, "a detail", code)
    assert not re.search(r"`docker |Docker Engine|start docker", with_commands_of(POD, step).remedy)
    assert with_commands_of(ENGINE, step) is with_commands_of(None, step) is step


def test_a_command_with_names_keeps_the_names() -> None:
    step = Step(DNAT, FAILED, "a detail", "", "Run `docker restart docker`.")
    assert with_commands_of(POD, step).remedy == "Run `podman restart docker`."
