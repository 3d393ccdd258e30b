"""Connections that are out of the ordinary, on one host that all tests share: each has a port of its own."""

import errno
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from docker.types import IPAMConfig, IPAMPool

from exporter.core.network.rules.connect_failing import KIND, MIN_TRIES
from tests.support.kernel.delayed_path import delayed
from tests.support.kernel.tcp_cases import Ends, Moved, half_closed, held, over_mptcp, with_fast_open, with_loss
from tests.support.kernel.tcp_traffic import connected, exchange, fails, listening
from tests.support.live.connection_lab import Lab, address_of, counting, pid_of
from tests.support.live.exposed import COMMAND
from tests.support.live.shop import IMAGE, run
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

pytestmark = pytest.mark.parametrize("host", ["sid"], indirect=True)

ESTABLISHED, ACTIVE = "dockernet_connections_established_total", "dockernet_connections_active"
SENT, RECEIVED = "dockernet_connection_transmit_bytes_total", "dockernet_connection_receive_bytes_total"
RETRANSMITTED = "dockernet_connection_retransmitted_segments_total"
SETUP, ROUND_TRIP = "dockernet_connection_setup_seconds", "dockernet_connection_round_trip_seconds"
REQUEST, REPLY, DELAY_SECONDS = 200_000, 1234, 0.05
FAILING, SERVED = 5999, 5998


@pytest.fixture(scope="module")
def lab(host: PrivateHost) -> Iterator[Lab]:
    """With connects that fail, and ordinary ones of which a few fail."""
    with counting(host) as found:
        web, address = pid_of(found.web), address_of(found.db)
        for _ in range(MIN_TRIES):
            assert fails(web, address, FAILING) == errno.ECONNREFUSED
            assert fails(web, address, SERVED) == errno.ECONNREFUSED
        with listening(pid_of(found.db), address, SERVED) as server:
            for _ in range(3 * MIN_TRIES):
                with connected(web, server, address) as ends:
                    exchange(*ends, 100, 100)
        yield found


def to_db(port: int) -> dict[str, str]:
    """The labels of connections from web to a port of db."""
    return {"container": "web", "peer": "db", "peer_kind": "container", "port": str(port), "side": "client"}


def ends_of(lab: Lab) -> Ends:
    """From web to db."""
    return Ends(pid_of(lab.web), pid_of(lab.db), address_of(lab.db))


def exactly(lab: Lab, port: int, moved: Moved) -> None:
    """Wait until so many have ended with these bytes."""
    lab.counted(ESTABLISHED, moved.number, **to_db(port))
    lab.counted(ACTIVE, 0, **to_db(port))
    lab.counted(SENT, moved.sent, **to_db(port))
    lab.counted(RECEIVED, moved.received, **to_db(port))
    if moved.retransmitted is not None:
        lab.counted(RETRANSMITTED, moved.retransmitted, **to_db(port))


@pytest.mark.parametrize(("play", "port"), [(over_mptcp, 5401), (with_fast_open, 5402), (with_loss, 5403)])
def test_each_connection_is_counted_once_with_its_payload(
    lab: Lab, play: Callable[[Ends, int], Moved], port: int
) -> None:
    exactly(lab, port, play(ends_of(lab), port))


@pytest.mark.parametrize(("standing", "port"), [(half_closed, 5406), (held, 5407)])
def test_a_connection_is_active_until_both_directions_have_ended(
    lab: Lab, standing: Callable[[Ends, int], AbstractContextManager[Moved]], port: int
) -> None:
    with standing(ends_of(lab), port) as moved:
        lab.counted(ACTIVE, moved.number, **to_db(port))
        lab.counted(SENT, moved.sent, **to_db(port))
    exactly(lab, port, moved)


def test_latency_is_that_of_the_path(lab: Lab) -> None:
    (web, near), (db, far) = ((pid_of(container), address_of(container)) for container in (lab.web, lab.db))
    both = pytest.approx(2 * DELAY_SECONDS, rel=0.2)
    with delayed((web, near), (db, far), DELAY_SECONDS), listening(db, far, 5404) as server:
        assert fails(web, far, 5405) == errno.ECONNREFUSED  # until then the neighbour is not known
        with connected(web, server, far), connected(web, server, far), connected(web, server, far):
            lab.counted(ACTIVE, 3, **to_db(5404))
            found = lab.exporter.metrics()
            labels = {name: value for name, value in to_db(5404).items() if name != "side"}
            assert found.value(f"{SETUP}_count", **labels) == 3
            assert (found.value(f"{SETUP}_sum", **labels) or 0) / 3 == both
            assert found.value(ROUND_TRIP, **to_db(5404)) == both
        lab.counted(ACTIVE, 0, **to_db(5404))


def says_hello(lab: Lab, container: Any, port: int) -> None:
    """A process of a container sends six bytes to db."""
    with listening(pid_of(lab.db), address_of(lab.db), port) as server:
        container.exec_run(["sh", "-c", f"echo hello | nc {address_of(lab.db)} {port}"], detach=True)
        receive_hello(server)


def receive_hello(server: socket.socket) -> None:
    """Accept, and read it."""
    accepted, _ = server.accept()
    with accepted:
        accepted.settimeout(30)
        assert accepted.recv(6, socket.MSG_WAITALL) == b"hello\n"


def test_a_sharer_counts_as_the_owner_and_a_container_in_host_mode_as_itself(lab: Lab) -> None:
    sharer = run(lab.host, "sharer", network_mode="container:web")
    agent = run(lab.host, "agent", network_mode="host")
    lab.knows("sharer", "agent")
    says_hello(lab, sharer, 5408)
    says_hello(lab, agent, 5409)
    lab.counted(SENT, 6, **to_db(5408))
    lab.counted(SENT, 6, **{**to_db(5409), "container": "agent"})
    for container in (sharer, agent):
        container.remove(force=True)


def test_containers_on_an_ipv6_network_are_told_by_their_addresses(lab: Lab) -> None:
    pools = [IPAMPool(subnet=subnet) for subnet in ("172.30.0.0/16", "fd00:30::/64")]
    lab.host.client().networks.create("six", enable_ipv6=True, ipam=IPAMConfig(pool_configs=pools))
    web, db = (run(lab.host, name, "six") for name in ("web6", "db6"))
    address = address_of(db, "six", "GlobalIPv6Address")
    lab.knows("web6", "db6")
    with listening(pid_of(db), address, 5432) as server, connected(pid_of(web), server, address) as ends:
        exchange(*ends, REQUEST, REPLY)
    pair = {"container": "web6", "peer": "db6", "peer_kind": "container", "port": "5432", "side": "client"}
    lab.counted("dockernet_connections_established_total", 1, **pair)
    lab.counted("dockernet_connection_transmit_bytes_total", REQUEST, **pair)
    lab.counted("dockernet_connection_receive_bytes_total", REPLY, **pair)
    assert fails(pid_of(web), address, 81) == errno.ECONNREFUSED
    lab.counted("dockernet_connections_failed_total", 1, container="web6", peer="db6", port="81", reason="refused")


def test_docker_run_rm_of_a_fifth_of_a_second_is_counted_by_its_name(lab: Lab) -> None:
    with listening(pid_of(lab.db), address_of(lab.db), 5410) as server:
        script = f"echo hello | nc {address_of(lab.db)} 5410; sleep 0.2"
        command = ["sh", "-c", script]
        lab.host.client().containers.run(IMAGE, command, name="brief", network="front", remove=True, detach=True)
        receive_hello(server)
    until(lambda: not lab.host.client().containers.list(all=True, filters={"name": "brief"}), 60, "no container")
    lab.counted(SENT, 6, **{**to_db(5410), "container": "brief"})


def asked(lab: Lab, *words: str) -> tuple[int, Any]:
    """The exit status of a command, and its JSON document."""
    done = lab.host.run(COMMAND, *words, "--output", "json", check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def test_commands_print_what_a_running_exporter_counted_and_without_one_they_claim_nothing(lab: Lab) -> None:
    lab.counted(ESTABLISHED, 3 * MIN_TRIES, **to_db(SERVED))
    status, rows = asked(lab, "connections", "web")
    found = {row["port"]: (row["established"], row["failed"]) for row in rows if row["peer"] == "db"}
    assert status == 0
    assert found[str(FAILING)] == (0, {"refused": MIN_TRIES})
    assert found[str(SERVED)] == (3 * MIN_TRIES, {"refused": MIN_TRIES})
    failures = [sum(row["failed"].values()) for row in rows]
    assert failures == sorted(failures, reverse=True)
    status, said = asked(lab, "connections", "--url", "http://127.0.0.1:9")
    assert (status, said) == (3, "dockernet-exporter: http://127.0.0.1:9: connection failed: Connection refused\n")
    _, here = asked(lab, "--docker.host", lab.host.docker_url, "explain", "web", f"db:{SERVED}")
    assert here["connections"] is None
    _, counted = asked(lab, "explain", "web", f"db:{SERVED}", "--url", "http://127.0.0.1:9714")
    assert [row["established"] for row in counted["connections"]] == [3 * MIN_TRIES]


def test_connects_that_fail_are_found_and_ordinary_ones_of_which_a_few_fail_are_not(lab: Lab) -> None:
    found = lab.metrics_with(lambda metrics: metrics.series("dockernet_network_finding", kind=KIND), seconds=150)
    series = found.series("dockernet_network_finding", kind=KIND)
    assert [(labels["subject"], labels["severity"]) for labels, _ in series] == [(f"web to db:{FAILING}", "warning")]
