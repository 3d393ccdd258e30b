"""Refused binds: whose they count for, and how the counts outlive containers."""

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.ports import bind_failures
from exporter.core.ports.bind_failures import BindFailureCounts, Failure, RefusedBind
from exporter.core.ports.claims import PortClaims
from tests.support.builders import inventory, rename, run, stop

HOST, ELSEWHERE = 4026531833, 4026532000
NOW = 1_700_000_100.0
LATER = NOW + bind_failures.WAIT_SECONDS
NOBODY = PortClaims()
HTTP = ("tcp", 8080)


def refused(
    container: str = "",
    port: int = 8080,
    *,
    comm: str = "nginx",
    netns: int = HOST,
    protocol: str = "tcp",
    times: int = 1,
    at: float = NOW,
) -> RefusedBind:
    """A refusal to a container's process, or to one of the host."""
    container_id = f"{container}-id" if container else ""
    return RefusedBind(1, container_id, netns, 4711, comm, protocol, "0.0.0.0", port, at, times)


def counted(
    *binds: RefusedBind, containers: tuple[Container, ...] = (), claims: PortClaims = NOBODY, now: float = NOW
) -> dict[Failure, int]:
    """The counts after these refusals, when there were these containers."""
    counts = BindFailureCounts(HOST)
    counts.update_inventory(inventory(*containers))
    counts.count(binds, claims, now)
    return counts.counts()


def held(*ports: tuple[str, int]) -> PortClaims:
    return PortClaims(held=frozenset(ports))


def wanted(*containers: str, port: tuple[str, int] = HTTP) -> PortClaims:
    return PortClaims(wanted={port: frozenset(containers)})


WEB = run("web", network="host")


def test_a_containers_refusals_are_its_own_whatever_the_port_and_the_namespace() -> None:
    binds = (
        refused("web"),
        refused("web", times=3),
        refused("web", 53, protocol="udp"),
        refused("web", 9000, netns=ELSEWHERE),
        refused("web", comm="docker-proxy"),
    )
    assert counted(*binds, containers=(WEB,)) == {
        ("web", "tcp", "8080"): 5,
        ("web", "tcp", "9000"): 1,
        ("web", "udp", "53"): 1,
    }


@pytest.mark.parametrize("comm", ["docker-proxy", "dockerd", "rootlesskit"])
def test_what_is_refused_in_a_containers_place_is_the_containers(comm: str) -> None:
    assert counted(refused(comm=comm), claims=wanted("api")) == {("api", "tcp", "8080"): 1}


def test_a_user_s_process_of_that_name_is_refused_for_itself() -> None:
    bind = replace(refused(comm="dockerd"), uid=1000)
    assert counted(bind, claims=wanted("api")) == {}
    assert counted(bind, claims=PortClaims(wanted={HTTP: frozenset({"api"})}, held=frozenset({HTTP}))) == {
        ("dockerd", "tcp", "8080"): 1
    }


@pytest.mark.parametrize("claims", [wanted(), wanted("api", "web"), wanted("api", port=("udp", 8080)), NOBODY])
def test_what_may_be_refused_in_the_place_of_several_is_nobodys(claims: PortClaims) -> None:
    assert counted(refused(comm="docker-proxy"), claims=claims, now=LATER) == {}


def test_another_process_of_the_host_counts_when_it_wants_a_containers_port() -> None:
    assert counted(refused(), claims=held(HTTP)) == {("nginx", "tcp", "8080"): 1}
    assert counted(refused(), claims=held(("udp", 8080), ("tcp", 80))) == {}


def test_a_process_in_another_network_namespace_wants_no_port_of_the_host() -> None:
    claims = PortClaims(frozenset({HTTP}), {HTTP: frozenset({"api"})})
    binds = (refused(netns=ELSEWHERE), refused(comm="docker-proxy", netns=ELSEWHERE))
    assert counted(*binds, claims=claims) == {}


def test_a_refusal_waits_until_the_engine_tells_of_its_container() -> None:
    counts = BindFailureCounts(HOST)
    counts.count([refused("web", times=2), refused(comm="docker-proxy")], NOBODY, NOW)
    assert counts.counts() == {}
    counts.update_inventory(inventory(WEB, run("api")))
    counts.count([], wanted("api"), LATER - 1)
    assert counts.counts() == {("api", "tcp", "8080"): 1, ("web", "tcp", "8080"): 2}
    counts.count([], wanted("api"), LATER - 1)
    assert counts.counts() == {("api", "tcp", "8080"): 1, ("web", "tcp", "8080"): 2}


def test_it_does_not_wait_for_ever() -> None:
    """A container of another engine, such as podman's, is never told of."""
    counts = BindFailureCounts(HOST)
    counts.count([refused("web")], NOBODY, NOW)
    counts.count([], NOBODY, LATER)
    counts.update_inventory(inventory(WEB))
    counts.count([], NOBODY, LATER)
    assert counts.counts() == {}


def test_a_proxy_whose_container_is_never_told_is_a_process_of_the_host() -> None:
    assert counted(refused(comm="docker-proxy"), claims=held(HTTP), now=LATER) == {("docker-proxy", "tcp", "8080"): 1}


def test_a_container_that_is_gone_when_its_refusal_is_told_has_its_name() -> None:
    counts = BindFailureCounts(HOST)
    counts.update_inventory(inventory(WEB))
    counts.update_inventory(inventory())
    counts.count([refused("web")], NOBODY, NOW)
    assert counts.counts() == {("web", "tcp", "8080"): 1}


def test_a_container_recreated_under_its_name_counts_on() -> None:
    counts = BindFailureCounts(HOST)
    for container_id in ("one-id", "two-id"):
        counts.update_inventory(inventory(run("web", network="host", container_id=container_id)))
        counts.count([refused(container_id.removesuffix("-id"))], NOBODY, NOW)
    assert counts.counts() == {("web", "tcp", "8080"): 2}


def test_a_renamed_container_counts_under_its_new_name() -> None:
    counts = BindFailureCounts(HOST)
    for container in (WEB, rename(WEB, "front")):
        counts.update_inventory(inventory(container))
        counts.count([refused("web")], NOBODY, NOW)
    assert counts.counts() == {("web", "tcp", "8080"): 1, ("front", "tcp", "8080"): 1}


def test_a_container_that_tries_every_port_has_a_bounded_number_of_series() -> None:
    binds = [refused("web", port) for port in range(1, 1001)]
    counts = counted(*binds, refused("web", 1), refused("web", 1000, protocol="udp"), containers=(WEB,))
    assert len(counts) == bind_failures.MAX_PORTS + 2
    assert counts["web", "tcp", "1"] == 2
    assert counts["web", "tcp", "other"] == 1000 - bind_failures.MAX_PORTS
    assert counts["web", "udp", "other"] == 1


def test_of_names_that_are_gone_those_refused_longest_ago_are_forgotten() -> None:
    counts = BindFailureCounts(HOST)
    counts.update_inventory(inventory(WEB))
    counts.count([refused("web")], NOBODY, NOW)
    counts.count(
        [refused(comm=f"job-{number}") for number in range(bind_failures.MAX_GONE_NAMES + 10)], held(HTTP), NOW
    )
    names = {name for name, *_ in counts.counts()}
    assert len(names) == bind_failures.MAX_GONE_NAMES + 1
    assert "web" in names
    assert "job-9" not in names
    assert "job-10" in names


def test_the_waiting_are_bounded() -> None:
    counts = BindFailureCounts(HOST)
    many = [refused(f"c{number}") for number in range(bind_failures.MAX_WAITING + 10)]
    counts.count(many, NOBODY, NOW)
    counts.update_inventory(inventory(run("c9"), run("c10")))
    counts.count([], NOBODY, NOW)
    assert counts.counts() == {("c10", "tcp", "8080"): 1}


def test_the_latest_refusal_of_each_port_is_kept_while_the_container_is_there() -> None:
    counts = BindFailureCounts(HOST)
    counts.update_inventory(inventory(WEB, run("api")))
    first, last, dns = refused("web"), refused("web", at=NOW + 5), refused("web", 53, protocol="udp")
    counts.count([first, last, dns, refused()], held(HTTP), NOW)
    assert counts.latest() == {"web-id": {HTTP: last, ("udp", 53): dns}}
    counts.update_inventory(inventory(stop(WEB)))
    assert counts.latest() == {"web-id": {HTTP: last, ("udp", 53): dns}}
    counts.update_inventory(inventory(replace(WEB, id="another-id")))
    assert counts.latest() == {}


def test_of_many_ports_the_latest_are_kept() -> None:
    counts = BindFailureCounts(HOST)
    counts.update_inventory(inventory(WEB))
    counts.count([refused("web", port) for port in range(1, 1001)], NOBODY, NOW)
    counts.count([refused("web", 990)], NOBODY, NOW)
    ports = [port for _, port in counts.latest()["web-id"]]
    assert ports == [*range(1001 - bind_failures.MAX_PORTS, 990), *range(991, 1001), 990]
