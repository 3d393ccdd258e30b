"""The way from a port of the host to who serves it."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import (
    DNAT,
    FORWARD,
    HOST,
    LINK,
    LISTENER,
    OK,
    PUBLISHED,
    REACHABLE,
    ROUTE,
    UNKNOWN,
    UNREACHABLE,
)
from tests.support.builders import run, stop
from tests.support.explained_hosts import EVERY_KIND, failures_of, observation_of, steps_of
from tests.support.nat_hosts import BOTH_FAMILIES, OLD, WEB, Host, published
from tests.support.port_hosts import binding, details


@EVERY_KIND
def test_a_way_that_is_whole_is_told_step_by_step(host: Host, sentence: Any) -> None:
    assert steps_of(host) == dict.fromkeys((PUBLISHED, HOST, DNAT, FORWARD, LINK, ROUTE, LISTENER), (OK, sentence))
    [path] = explain(observation_of(host), "8080").paths
    assert (path.addresses, path.verdict) == (("0.0.0.0", "::"), REACHABLE)


@pytest.mark.parametrize("host", BOTH_FAMILIES, ids=str)
def test_the_two_families_are_told_apart_where_one_of_them_is_broken(host: Host) -> None:
    damaged = host.without(host.entry("ip6"), "-p tcp --dport 8080")
    paths = explain(observation_of(damaged), "8080").paths
    assert [(path.addresses, path.verdict) for path in paths] == [(("0.0.0.0",), REACHABLE), (("::",), UNREACHABLE)]


def test_a_container_is_asked_for_by_name_or_by_the_beginning_of_its_id(sentence: Any) -> None:
    for asked in ("web", "web-id", "we", "/web"):
        paths = explain(observation_of(OLD), asked).paths
        assert [(path.addresses[0], path.port, path.container_port) for path in paths] == [
            ("0.0.0.0", 8080, 80),
            ("192.0.2.10", 8082, 81),
            ("127.0.0.1", 8443, 443),
        ]
    assert steps_of(OLD, "wb") == {PUBLISHED: (UNKNOWN, sentence)}


@pytest.mark.parametrize("text", ["0", "65536"])
def test_a_number_that_is_not_a_port_may_be_an_id(text: str) -> None:
    detail = f"there is no container {text}, and a port is 1 to 65535"
    assert steps_of(OLD, text) == {PUBLISHED: (UNKNOWN, detail)}


def test_what_is_published_on_the_loopback_is_not_forwarded() -> None:
    assert FORWARD not in steps_of(OLD, "8443")


def test_of_two_that_want_a_port_the_one_that_is_up_is_told() -> None:
    twin = replace(WEB, id="twin-id", name="twin", state="exited", endpoints=())
    twin = details(twin, published=())
    both = explain(observation_of(OLD.with_inventory(twin)), "8080").paths
    assert {path.container for path in both} == {"web"}
    assert {path.verdict for path in explain(observation_of(OLD.with_inventory(twin)), "twin").paths} == {UNREACHABLE}


def test_a_paused_container(sentence: Any) -> None:
    paused = OLD.with_inventory(replace(WEB, state="paused"))
    assert failures_of(paused) == [(PUBLISHED, sentence)]


def test_a_paused_container_that_publishes_nothing_is_not_reachable() -> None:
    """One that shares its namespace, and runs, may serve it."""
    paused = replace(details(run("quiet", network="none"), started=1.0), network_mode="front", state="paused")
    [path] = explain(observation_of(OLD.with_inventory(paused)), "quiet").paths
    assert [(step.state, step.code, step.remedy) for step in path.steps] == [
        ("failed", "container_paused", "Run `docker unpause quiet`.")
    ]
    sharer = replace(run("sharer", network="container:quiet-id"), network_owner="quiet-id")
    [path] = explain(observation_of(OLD.with_inventory(paused, sharer)), "quiet").paths
    assert [(step.state, step.code) for step in path.steps] == [("unknown", "container_paused")]


@pytest.mark.parametrize("asked", ["web", "quiet"])
@pytest.mark.parametrize(
    ("state", "code", "remedy"),
    [
        ("created", 0, "Run `docker start {}`."),
        ("exited", 1, "Run `docker logs {}`, fix the cause and run `docker start {}`."),
        ("restarting", 1, "Run `docker logs {}` and fix the cause: it ends after each start."),
    ],
)
def test_the_remedy_of_a_container_that_is_down_is_that_of_its_state(
    asked: str, state: str, code: int, remedy: str
) -> None:
    quiet = details(run("quiet", network="none"), exit_code=code)
    down = [replace(details(one, exit_code=code), state=state, endpoints=()) for one in (WEB, quiet)]
    steps = [path.steps[0] for path in explain(observation_of(OLD.with_inventory(*down)), asked).paths]
    assert {(step.code, step.remedy) for step in steps} == {("container_down", remedy.replace("{}", asked))}


def test_a_port_that_is_configured_and_not_in_effect(sentence: Any) -> None:
    top = details(run("top", network="host"), bindings=(binding("8080:80"),))
    host = OLD.without_things(WEB).with_inventory(top)
    assert failures_of(host) == [(PUBLISHED, sentence)]


def test_a_container_that_publishes_nothing_is_described(sentence: Any) -> None:
    host = OLD.with_inventory(published(run("plain", network="bridge", ip="172.17.0.77")))
    [path] = explain(observation_of(host), "plain").paths
    assert [(step.name, step.state) for step in path.steps] == [(PUBLISHED, OK), (LINK, UNKNOWN), (ROUTE, OK)]
    assert path.steps[0].detail == sentence
    down = OLD.with_inventory(stop(published(run("plain"))))
    assert explain(observation_of(down), "plain").paths[0].steps[0].code == "container_down"
