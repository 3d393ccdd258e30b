"""Conflicts that the next start will bring."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.ports.rules import latent, latent_pair
from tests.support.findings import port_conflict
from tests.support.port_hosts import container, down, engine, process, proxy, publishes, readings, runs, scene

GREEN, BLUE = publishes("green", "8080:80"), down("blue", "8080:80")
GREENS = proxy("green", 8080)


def test_a_port_of_a_stopped_container_that_another_holds_is_told(sentence: Any) -> None:
    assert list(latent.check(scene(GREEN, BLUE, on=readings(GREENS)))) == [
        port_conflict(
            kind="latent",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="blue",
            holder="green",
            holder_kind="docker-proxy",
            severity="info",
            confidence="confirmed",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(
    ("policy", "severity"),
    [("no", "info"), ("on-failure", "info"), ("unless-stopped", "info"), ("always", "warning")],
)
def test_one_that_should_start_by_itself_is_a_warning(policy: str, severity: str) -> None:
    seen = scene(GREEN, down("blue", "8080:80", restart_policy=policy), on=readings(GREENS))
    assert [found.severity for found in latent.check(seen)] == [severity]


@pytest.mark.parametrize(
    ("stopped", "listeners"),
    [
        (down("blue", "8081:80"), GREENS),
        (down("blue", "8080:80/udp"), GREENS),
        (down("blue", "80"), GREENS),
        (down("blue", "127.0.0.1:8080:80"), process("nginx", "192.0.2.10:8080")),
        (down("blue", "8080:80"), proxy("blue", 8080)),
        (down("blue", "8080:80"), proxy("", 8080)),
        (down("blue", "8080:80"), engine("", "0.0.0.0:8080")),
        (down("blue", "8080:80"), process("", "0.0.0.0:8080")),
        (down("blue", "8080-8081:80"), GREENS),
        (down("blue", "8080:80", error="Bind for 0.0.0.0:8080 failed: port is already allocated"), GREENS),
        (runs("blue"), GREENS),
    ],
    ids=[
        *("other port", "other protocol", "any port", "other address", "its own", "nobody's proxy", "the engine's"),
        *("unknown", "a range with room", "failed already", "runs"),
    ],
)
def test_what_can_start_or_has_failed_already_is_not_latent(stopped: Container, listeners: Any) -> None:
    assert list(latent.check(scene(GREEN, stopped, on=readings(listeners)))) == []


def test_a_range_that_is_all_taken_is_told_at_its_first_port() -> None:
    held = readings(GREENS, process("nginx", "0.0.0.0:8081"))
    [found] = latent.check(scene(GREEN, down("blue", "8080-8081:80"), on=held))
    assert (int(found.labels["port"]), found.labels["holder"]) == (8080, "green")


def always(name: str, *specs: str, **more: Any) -> Container:
    return down(name, *specs, **{"restart_policy": "always", **more})


def test_two_that_start_with_the_engine_and_want_one_port_are_told_once(sentence: Any) -> None:
    seen = scene(always("two", "8080:80"), always("one", "8080:81"))
    assert list(latent_pair.check(seen)) == [
        port_conflict(
            kind="latent_pair",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="two",
            holder="one",
            holder_kind="container",
            severity="warning",
            confidence="confirmed",
            detail=sentence,
        )
    ]


def test_of_several_each_is_told_with_the_first() -> None:
    seen = scene(*[always(name, "8080:80") for name in ("one", "two", "three")])
    assert [(f.labels["wanted_by"], f.labels["holder"]) for f in latent_pair.check(seen)] == [
        ("three", "one"),
        ("two", "one"),
    ]


@pytest.mark.parametrize(
    "others",
    [
        (always("one", "8081:80"),),
        (always("one", "8080:80/udp"),),
        (down("one", "8080:80", restart_policy="unless-stopped"),),
        (down("one", "8080:80"),),
        (publishes("one", "8080:80", restart_policy="always"),),
        (always("one", "8080-8081:80"),),
        (),
    ],
)
def test_those_that_do_not_want_the_same_or_do_not_both_start_are_no_pair(others: tuple[Container, ...]) -> None:
    assert list(latent_pair.check(scene(always("two", "8080:80"), *others))) == []


def test_addresses_that_do_not_meet_are_no_pair() -> None:
    seen = scene(always("one", "127.0.0.1:8080:80"), always("two", "192.0.2.10:8080:80"))
    assert list(latent_pair.check(seen)) == []
    assert len(list(latent_pair.check(scene(always("one", "127.0.0.1:8080:80"), always("two", "8080:80"))))) == 1


def test_a_container_in_host_mode_may_hold_it_too() -> None:
    seen = scene(BLUE, runs("top", network="host"), on=readings(container("top", "0.0.0.0:8080")))
    assert [(f.labels["holder"], f.labels["holder_kind"]) for f in latent.check(seen)] == [("top", "container")]


COMPOSE = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
TASK = {"com.docker.swarm.service.id": "abc", "com.docker.swarm.task.id": "def"}


@pytest.mark.parametrize(("labels", "severities"), [(COMPOSE, ["info"]), (TASK, []), ({}, ["warning"])])
def test_a_replica_that_has_the_port_takes_its_place(labels: dict[str, str], severities: list[str]) -> None:
    waiting = replace(down("blue", "8080:80", restart_policy="always"), labels=labels)
    seen = scene(replace(GREEN, labels=labels), waiting, on=readings(GREENS))
    assert [found.severity for found in latent.check(seen)] == severities


@pytest.mark.parametrize(("labels", "count"), [(COMPOSE, 0), (TASK, 0), ({}, 1)])
def test_replicas_of_one_service_are_no_pair(labels: dict[str, str], count: int) -> None:
    pair = [replace(down(name, "8080:80", restart_policy="always"), labels=labels) for name in ("one", "two")]
    assert len(list(latent_pair.check(scene(*pair)))) == count
