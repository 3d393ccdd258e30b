"""Text is made anew when what it tells of is another object, and at no other time."""

from collections.abc import Iterator
from operator import attrgetter

import pytest
from msgspec.structs import replace

from exporter.core.model.sockets import HostSockets, Listener, ListeningSocket, Owner
from exporter.core.observation import Observation
from exporter.metrics.build import Metric, gauge
from exporter.metrics.cached import CachedGroup, CachedRenderer
from tests.support.builders import observed, shop


class Rendered:
    """A group that tells one series for each listener, and counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0
        self.renderer = CachedRenderer(CachedGroup("port", attrgetter("sockets"), self.families))

    def families(self, sockets: HostSockets) -> Iterator[Metric]:
        """One family, of which the second half may be left out."""
        self.times += 1
        family = gauge("some", "", ("port",))
        for listener in sockets.listeners:
            family.add_metric((str(listener.socket.port),), 1)
        yield family

    def shown(self, observation: Observation, limit: int = 100, *, openmetrics: bool = False) -> tuple[int, int]:
        """How many series are shown, and how many are left out."""
        text, series, dropped = self.renderer.render(observation, openmetrics=openmetrics, limit=limit)
        assert b"".join(text).count(b"some{") == series
        return series, dropped.get("some", 0)


@pytest.fixture
def rendered() -> Rendered:
    return Rendered()


def host(*ports: int) -> Observation:
    listeners = tuple(Listener(ListeningSocket("tcp", "::", port), Owner()) for port in ports)
    return replace(observed(shop()), sockets=HostSockets(listeners))


def test_the_same_object_is_rendered_once_in_each_format(rendered: Rendered) -> None:
    observation = host(80, 443)
    for _ in range(3):
        assert rendered.shown(replace(observation, overflows=1)) == (2, 0)
        assert rendered.shown(observation, openmetrics=True) == (2, 0)
    assert rendered.times == 2


def test_another_object_is_rendered_anew_even_if_it_is_equal(rendered: Rendered) -> None:
    assert rendered.shown(host(80)) == (1, 0)
    assert rendered.shown(host(80)) == (1, 0)
    assert rendered.times == 2


def test_nothing_is_known_of_what_is_none(rendered: Rendered) -> None:
    assert rendered.renderer.render(observed(shop()), openmetrics=False, limit=9) == ((), 0, {})
    assert rendered.times == 0


@pytest.mark.parametrize(("limit", "shown"), [(0, (0, 3)), (2, (2, 1)), (3, (3, 0)), (-5, (0, 3))])
def test_no_more_than_the_limit_are_shown(rendered: Rendered, limit: int, shown: tuple[int, int]) -> None:
    assert rendered.shown(host(1, 2, 3), limit) == shown


def test_another_limit_counts_only_where_it_makes_a_difference(rendered: Rendered) -> None:
    observation = host(1, 2, 3)
    assert [rendered.shown(observation, limit) for limit in (9, 8, 3)] == [(3, 0)] * 3
    assert rendered.times == 1
    assert rendered.shown(observation, 2) == (2, 1)
    assert rendered.shown(observation, 2) == (2, 1)
    assert rendered.times == 2
    assert rendered.shown(observation, 9) == (3, 0)
    assert rendered.times == 3
