"""Whose network namespace a container is in, and who stands in the way of whom."""

import pytest

from tests.support.port_hosts import container, down, place, process, proxy, publishes, readings, runs, scene

TOP = runs("top", network="host")


@pytest.mark.parametrize(
    ("mode", "netns"),
    [
        ("bridge", "one-id"),
        ("none", "one-id"),
        ("host", "host"),
        ("container:web-id", "web-id"),
        ("container:web", "web-id"),
        ("container:sharer-id", "web-id"),
        ("container:top-id", "host"),
        ("container:gone-id", ""),
        ("container:one-id", ""),
    ],
)
def test_a_container_is_in_its_own_namespace_the_hosts_or_anothers(mode: str, netns: str) -> None:
    one = runs("one", network=mode)
    seen = scene(runs("web"), runs("sharer", network="container:web-id"), TOP, one)
    assert seen.netns_of(one) == netns


def test_the_listeners_of_a_namespace_are_those_of_its_owner() -> None:
    sharer = down("sharer", network="container:web-id")
    seen = scene(runs("web"), sharer, on=readings(inside={"web": ("0.0.0.0:80",)}))
    assert seen.listeners_in(sharer) == seen.listeners_in(seen.inventory.containers["web-id"])
    assert seen.listeners_in(TOP) is None


def test_a_containers_own_listeners_and_those_that_docker_made_for_it_are_not_in_its_way() -> None:
    web, other = publishes("web", "8080:80"), publishes("other", "8081:80")
    seen = scene(web, other, on=readings(proxy("web", 8080), container("web", "127.0.0.1:8080")))
    assert seen.others(place("0.0.0.0:8080"), web) == []
    assert {listener.owner.kind for listener in seen.others(place("0.0.0.0:8080"), other)} == {
        "docker-proxy",
        "container",
    }


def test_what_cannot_be_started_any_more_is_neither_live_nor_down() -> None:
    seen = scene(runs("web"), down("old"), down("going", state="removing"), down("broken", state="dead"))
    assert [found.name for found in seen.containers(live=False)] == ["old"]
    assert [found.name for found in seen.containers(live=True)] == ["web"]


def test_a_process_that_is_called_like_the_container_is_another() -> None:
    web = publishes("nginx", "8080:80")
    assert len(scene(web, on=readings(process("nginx", "0.0.0.0:8080"))).others(place("0.0.0.0:8080"), web)) == 1


def test_docker_binds_ipv6_alone_where_it_publishes_on_all_of_it() -> None:
    seen = scene(on=readings(process("nginx", "0.0.0.0:8080")))
    assert seen.overlapping(place("[::]:8080")) == []
    assert len(seen.overlapping(place("0.0.0.0:8080"))) == 1
