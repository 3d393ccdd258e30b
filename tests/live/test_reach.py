"""`explain A B` on planted situations, with real connections as the truth; `python -m tests.truth.reach` plays all."""

from collections.abc import Iterator

import pytest

from tests.support.live.hosts import available
from tests.support.private_host.engines import DEFAULT
from tests.truth.case import NFT
from tests.truth.hosts import Hosts
from tests.truth.reach.answers import by_command
from tests.truth.reach.play import play
from tests.truth.reach.report import problems
from tests.truth.reach.situation import Situation
from tests.truth.reach.situations import SITUATIONS

# one for each step, and three ways that work
QUICK = (
    "name on one network",
    "outside",
    "published port of another network",
    "name on the default bridge",
    "hidden by extra_hosts",
    "rules of the resolver flushed",
    "default route deleted",
    "server's address flushed",
    "address across networks",
    "icc=false",
    "DROP in DOCKER-USER",
    "server's INPUT drops",
    "server paused",
    "large datagram, MTU of the server is smaller",
)
CHOSEN = [one for one in SITUATIONS if one.name in QUICK]


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """A host that the situations share."""
    available(DEFAULT)
    with Hosts(DEFAULT, NFT) as shared:
        yield shared


@pytest.mark.parametrize("situation", CHOSEN, ids=lambda one: one.name)
def test_explain_says_what_a_connection_shows(hosts: Hosts, situation: Situation) -> None:
    played = play(hosts, situation, by_command)
    if played.error:
        raise RuntimeError(played.error)
    assert problems(played) == [], played.answer


def test_every_situation_has_a_name_of_its_own() -> None:
    names = [one.name for one in SITUATIONS]
    assert len(names) == len(set(names))
    assert set(QUICK) <= set(names)
