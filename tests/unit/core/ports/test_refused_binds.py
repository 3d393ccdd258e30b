"""How long a bind that the kernel refused matters."""

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container, Inventory
from exporter.core.ports.bind_failures import RefusedBind
from exporter.core.ports.context import Refusal
from exporter.core.ports.refused_binds import RETRY_WINDOW, Refused, RefusedBinds
from tests.support.builders import inventory
from tests.support.port_hosts import NOW, down, place, runs

REFUSED = RefusedBind(9, "web-id", 4026531840, 100, "nginx", "tcp", "0.0.0.0", 8080, NOW)
WEB = runs("web", network="host")


def after(*binds: RefusedBind, who: Container = WEB, now: float = NOW) -> Refused:
    remembered = RefusedBinds()
    remembered.record(binds)
    return remembered.current(inventory(who), now)


def test_what_was_refused_is_told_by_container_and_place() -> None:
    assert after(REFUSED) == {"web-id": {place("0.0.0.0:8080"): Refusal(retrying=False, cgroup_id=9)}}


def test_all_of_ipv6_may_have_been_all_of_both() -> None:
    [(found, _)] = after(replace(REFUSED, address="::"))["web-id"].items()
    assert found.address == ""


@pytest.mark.parametrize(("later", "retrying"), [(RETRY_WINDOW - 0.1, False), (RETRY_WINDOW, True)])
def test_who_tries_again_after_a_while_insists(later: float, retrying: bool) -> None:  # noqa: FBT001  expected
    [refusal] = after(REFUSED, replace(REFUSED, at=NOW + later))["web-id"].values()
    assert refusal.retrying is retrying


@pytest.mark.parametrize(
    ("who", "matters"),
    [
        (runs("web", network="host", started=NOW - 1), True),
        (runs("web", network="host", started=NOW + 1), False),
        (runs("web", network="host", started=NOW + 1, restart_count=1), True),
        (down("web", network="host", exit_code=1), True),
        (down("web", network="host", exit_code=0), False),
        (down("web", network="host", state="restarting"), True),
        (replace(WEB, details=None), True),
        (runs("other"), False),
    ],
)
def test_it_matters_to_the_life_that_it_happened_to_and_to_one_that_failed(who: Container, matters: bool) -> None:  # noqa: FBT001
    assert bool(after(REFUSED, who=who, now=NOW + 2)) is matters


def test_what_does_not_matter_is_forgotten() -> None:
    remembered = RefusedBinds()
    remembered.record([REFUSED])
    assert remembered.current(Inventory(), NOW) == {}
    assert remembered.current(inventory(WEB), NOW) == {}


def test_a_process_of_the_host_is_none_of_the_containers() -> None:
    assert after(replace(REFUSED, container_id="")) == {}


def test_it_is_the_same_object_while_it_says_the_same() -> None:
    remembered = RefusedBinds()
    remembered.record([REFUSED])
    first = remembered.current(inventory(WEB), NOW)
    remembered.record([replace(REFUSED, at=NOW + 1)])
    assert remembered.current(inventory(WEB), NOW) is first


def test_of_too_many_the_oldest_are_evicted() -> None:
    remembered = RefusedBinds(max_ports=2)
    remembered.record([replace(REFUSED, port=port) for port in (1, 2, 3)])
    assert [where.port for where in remembered.current(inventory(WEB), NOW)["web-id"]] == [2, 3]
