"""Containers that cannot bind a port where others use the same ports, planted on real hosts."""

from collections.abc import Iterator

import pytest

from tests.support.live.listening import listening
from tests.support.live.port_cases import ALL, EXPOSED, HTTPD, IPV6, finds, on_one_engine, remove, run, serves, state
from tests.support.live.ports_watched import Found, PortsWatched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until


@pytest.fixture
def watched(clean_host: PrivateHost) -> Iterator[PortsWatched]:
    with PortsWatched(clean_host) as looking:
        yield looking


def host_failed(port: str, holder: str, kind: str, confidence: str = "probable") -> Found:
    # A holder of the same image may be the active one of a pair.
    certain = "critical" if kind == "process" else "warning"
    severity = "info" if confidence == "suspected" else certain
    return Found("host_bind_failed", port, "two", holder, kind, severity, confidence)


@on_one_engine
def test_two_containers_in_host_mode_the_second_of_which_dies(watched: PortsWatched, clean_host: PrivateHost) -> None:
    run(clean_host, "one", *HTTPD, "8080", network="host")
    serves(clean_host, "one", 8080)
    run(clean_host, "two", *HTTPD, "8080", network="host", expose=EXPOSED)
    finds(watched, host_failed(IPV6, "one", "container"))
    remove(clean_host, "one")
    finds(watched)


@on_one_engine
def test_two_containers_in_host_mode_the_second_of_which_tries_again_and_again(
    watched: PortsWatched, clean_host: PrivateHost
) -> None:
    run(clean_host, "one", *HTTPD, "8080", network="host")
    serves(clean_host, "one", 8080)
    run(clean_host, "two", *HTTPD, "8080", network="host", expose=EXPOSED, restart="always")
    expected = {host_failed(IPV6, "one", "container")}
    until(lambda: watched.found(0.0) == expected, 60, "the crash loop")
    until(lambda: state(clean_host, "two")["Running"], 60, "another life")
    for _ in range(50):
        assert watched.found(0.0) == expected
    remove(clean_host, "one")
    # The engine waits twice as long before each further life, up to a minute.
    until(lambda: watched.found(0.0) == set(), 120, "a port of its own")


@on_one_engine
def test_one_that_tries_inside_and_says_nothing_is_told_by_the_kernel(clean_host: PrivateHost) -> None:
    """Its inspect says that it runs, its log is empty, and no image declares the port."""
    certain = host_failed(ALL, "nginx", "process", "confirmed")
    with PortsWatched(clean_host, refusals=True) as looking:
        with listening(clean_host, "nginx", "tcp,0.0.0.0,8080"):
            run(clean_host, "two", "sh", "-c", "until httpd -f -p 8080 2>/dev/null; do sleep 0.2; done", network="host")
            finds(looking, certain)
            run(clean_host, "content", "sh", "-c", "httpd -f -p 8080 || exec httpd -f -p 8081", network="host")
            suspected = host_failed(ALL, "nginx", "process", "suspected")
            finds(looking, certain, suspected._replace(wanted_by="content"))
            remove(clean_host, "content")
            serving = "httpd -p 8083; while sleep 0.2; do httpd -f -p 8080; done"
            run(clean_host, "serving", "sh", "-c", serving, network="host")
            finds(looking, certain, certain._replace(wanted_by="serving"), what="one that insists")
            remove(clean_host, "serving")
        until(lambda: ("tcp", 8080) in looking.held("two"), 60, "the port is had")
        finds(looking)


@on_one_engine
@pytest.mark.parametrize("confidence", ["probable", "suspected"])
def test_a_published_port_against_host_mode_by_what_the_image_declares(
    watched: PortsWatched, clean_host: PrivateHost, confidence: str
) -> None:
    run(clean_host, "one", *HTTPD, "80", publish={"80/tcp": 8080})
    declares = EXPOSED if confidence == "probable" else []
    run(clean_host, "two", *HTTPD, "8080", network="host", expose=declares)
    finds(watched, host_failed(ALL, "one", "docker-proxy", confidence))
    remove(clean_host, "one")
    finds(watched)


@on_one_engine
def test_a_port_that_a_container_of_that_name_held_before_and_a_process_holds_now(
    watched: PortsWatched, clean_host: PrivateHost
) -> None:
    run(clean_host, "two", *HTTPD, "8080", network="host")
    until(lambda: ("tcp", 8080) in watched.held("two"), 60, "its port")
    watched.look()
    remove(clean_host, "two")
    with listening(clean_host, "nginx", "tcp,0.0.0.0,8080"):
        run(clean_host, "two", *HTTPD, "8080", network="host")
        finds(watched, host_failed(ALL, "nginx", "process"))
    finds(watched)


@on_one_engine
def test_a_sharer_of_a_container_in_host_mode_and_one_of_another(
    watched: PortsWatched, clean_host: PrivateHost
) -> None:
    run(clean_host, "one", *HTTPD, "8080", network="host")
    serves(clean_host, "one", 8080)
    run(clean_host, "two", *HTTPD, "8080", network="container:one")
    run(clean_host, "web", *HTTPD, "80")
    serves(clean_host, "web", 80)
    run(clean_host, "side", *HTTPD, "80", network="container:web")
    finds(
        watched,
        host_failed(IPV6, "one", "container", "suspected"),
        Found("namespace_bind_failed", "tcp :: 80", "side", "web", "container", "info", "suspected"),
    )
    remove(clean_host, "side", "two")
    finds(watched)


@on_one_engine
def test_a_log_that_cannot_be_read_is_said(watched: PortsWatched, clean_host: PrivateHost) -> None:
    run(clean_host, "one", *HTTPD, "8080", network="host")
    serves(clean_host, "one", 8080)
    silent = {"log_config": {"Type": "none"}, "network": "host"}
    run(clean_host, "two", *HTTPD, "8080", expose=EXPOSED, **silent)
    until(lambda: [missing.reason for missing in watched.look().degraded] == ["unreadable"], 60, "a log")
    [missing] = watched.look().degraded
    assert "two (none: " in missing.detail
    finds(watched)
