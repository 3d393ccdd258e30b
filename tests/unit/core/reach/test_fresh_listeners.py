"""Sockets inside containers that are read anew where a port was not served at the last reading."""

import pytest
from msgspec.structs import replace

from exporter.core.explain.path import FAILED, LISTENER, OK, Explanation, Path, Step
from exporter.core.reach.fresh_listeners import with_fresh_listeners
from exporter.core.reach.path.listener_step import listener_step
from exporter.core.reach.view import NamespaceView
from tests.support.nat_hosts import NEW, WEB
from tests.support.port_hosts import socket
from tests.support.reach_hosts import ReachHost

NOW = (socket("0.0.0.0:80"),)


def explained(state: str) -> Explanation:
    step = Step(LISTENER, state, "", "" if state == OK else "not_listening")
    return Explanation("8080", (Path("tcp", ("0.0.0.0",), 8080, "web", 80, (step,)),))


def test_sockets_are_read_anew_where_nothing_listened() -> None:
    host = ReachHost().view("web", listeners=NOW)
    seen = replace(host.observation(), inside={WEB.id: (), "other": ()})
    assert with_fresh_listeners(seen, explained(FAILED), host._visit).inside == {WEB.id: NOW, "other": ()}
    assert host.visits == ["web"]


def test_sockets_are_read_anew_where_something_listened() -> None:
    """A process may have left the address since, and taken another one: there are as many sockets as before."""
    host = ReachHost().view("web", listeners=())
    seen = replace(host.observation(), inside={WEB.id: NOW})
    assert with_fresh_listeners(seen, explained(OK), host._visit).inside == {WEB.id: ()}


def test_an_observation_of_the_same_sockets_is_kept() -> None:
    host = ReachHost().view("web", listeners=NOW)
    seen = replace(host.observation(), inside={WEB.id: NOW})
    assert with_fresh_listeners(seen, explained(OK), host._visit) is seen


def test_what_could_not_be_read_stays_as_it_was() -> None:
    host = ReachHost(NEW).unread("web", "namespace")
    seen = replace(host.observation(), inside={WEB.id: ()})
    assert with_fresh_listeners(seen, explained(FAILED), host._visit) is seen
    unseen = replace(host.observation(), inside=None)
    assert with_fresh_listeners(unseen, explained(FAILED), host._visit) is unseen


@pytest.mark.parametrize(("address", "state"), [("172.18.0.2", OK), ("fd00:18::2", FAILED)])
def test_a_socket_that_is_bound_to_the_mapped_any_address(address: str, state: str) -> None:
    view = NamespaceView(listeners=(socket("[::ffff:0.0.0.0]:80"),))
    assert listener_step(view, "web", "tcp", 80, address).state == state


def test_a_paused_owner_of_a_namespace_that_another_container_uses() -> None:
    paused = replace(WEB, state="paused", network_mode="front")
    sharer = replace(WEB, name="sharer", id="sharer-id", endpoints=(), network_owner=WEB.id, network_mode="")
    assert ReachHost(NEW, paused).faults("172.18.0.2:80") == [("listener", "failed", "container_paused")]
    assert ReachHost(NEW, paused, sharer).faults("172.18.0.2:80") == [("listener", "unknown", "container_paused")]
