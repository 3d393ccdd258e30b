"""Ports that the kernel hands out, and outgoing connections that have one."""

from typing import Any

import pytest

from exporter.core.model.container_details import LogEvidence
from exporter.core.model.sockets import BoundSocket, Owner
from exporter.core.ports.rules import ephemeral_holder, ephemeral_overlap, start_failed
from tests.support.findings import port_conflict
from tests.support.port_hosts import down, process, publishes, readings, scene

ERROR = "listen tcp4 0.0.0.0:40000: bind: address already in use"
CURL = Owner("process", "curl")


def bound(state: str = "established", address: str = "192.0.2.10", owner: Owner = CURL) -> dict[Any, Any]:
    return {("tcp", 40000): (BoundSocket("tcp", address, 40000, state, owner),)}


TOP = down("top", network="host", exit_code=1, log=LogEvidence(1, (40000,)), exposed=(("tcp", 40000),))


def test_a_connection_that_has_the_port_of_a_failed_start_is_its_holder_alone() -> None:
    seen = scene(down("web", "40000:80", error=ERROR), on=readings(bound=bound()))
    assert [found.labels["holder_kind"] for found in start_failed.check(seen)] == ["connection"]
    assert list(ephemeral_holder.check(seen)) == []


def test_a_connection_that_has_the_port_of_a_failed_bind_is_reported(sentence: Any) -> None:
    assert list(ephemeral_holder.check(scene(TOP, on=readings(bound=bound())))) == [
        port_conflict(
            kind="ephemeral_holder",
            protocol="tcp",
            address="0.0.0.0",
            port=40000,
            wanted_by="top",
            holder="curl",
            holder_kind="connection",
            severity="warning",
            confidence="probable",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(
    "on",
    [
        readings(bound=bound("time_wait")),
        readings(bound=bound("listen")),
        readings(),
        readings(process("nginx", "0.0.0.0:40000"), bound=bound()),
    ],
    ids=["time_wait", "listens", "nobody", "somebody listens too"],
)
def test_what_ends_by_itself_or_listens_is_none(on: Any) -> None:
    assert list(ephemeral_holder.check(scene(TOP, on=on))) == []


def test_a_connection_from_another_address_does_not_stand_in_the_way() -> None:
    error = ERROR.replace("0.0.0.0", "127.0.0.1")
    stopped = down("web", "127.0.0.1:40000:80", error=error)
    assert [found.labels["holder"] for found in start_failed.check(scene(stopped, on=readings(bound=bound())))] == [""]
    local = readings(bound=bound(address="127.0.0.1"))
    assert [found.labels["holder"] for found in start_failed.check(scene(stopped, on=local))] == ["curl"]


def test_a_fixed_port_among_those_that_are_handed_out_is_advice(sentence: Any) -> None:
    assert list(ephemeral_overlap.check(scene(publishes("web", "40000:80")))) == [
        port_conflict(
            kind="ephemeral_overlap",
            protocol="tcp",
            address="0.0.0.0",
            port=40000,
            wanted_by="web",
            holder="",
            holder_kind="",
            severity="info",
            confidence="confirmed",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(
    ("spec", "reserved", "count"),
    [
        ("32767:80", (), 0),
        ("32768:80", (), 1),
        ("60999:80", (), 1),
        ("61000:80", (), 0),
        ("80", (), 0),
        ("40000:80", ((40000, 40000),), 0),
        ("40000:80", ((39000, 40001), (50000, 50000)), 0),
        ("40000:80", ((40001, 40002),), 1),
        ("32760-32770:80", (), 1),
        ("32760-32770:80", ((32768, 32770),), 0),
    ],
)
def test_only_what_the_kernel_may_hand_out_counts(spec: str, reserved: tuple[tuple[int, int], ...], count: int) -> None:
    assert len(list(ephemeral_overlap.check(scene(down("web", spec), on=readings(reserved=reserved))))) == count


def test_what_is_not_read_is_not_judged() -> None:
    assert list(ephemeral_overlap.check(scene(publishes("web", "40000:80"), on=readings(reserved=None)))) == []
    assert list(ephemeral_overlap.check(scene(publishes("web", "40000:80"), on=readings(sockets=None)))) == []
