"""Binds that failed in the host's network namespace."""

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.findings.finding import Finding
from exporter.core.model.container_details import LogEvidence
from exporter.core.model.docker import Container
from exporter.core.ports.context import PortContext, Refusal
from exporter.core.ports.rules.host_bind_failed import check
from tests.support.findings import port_conflict
from tests.support.port_hosts import NOW, container, down, place, process, proxy, publishes, readings, runs, scene

NAMED, NAMELESS = LogEvidence(1, (8080,)), LogEvidence(1)
NGINX = process("nginx", "0.0.0.0:8080")
EXPOSED = (("tcp", 8080),)


def died(name: str = "web", *, log: LogEvidence | None = NAMED, **more: Any) -> Container:
    """A container in host mode whose process ended with an error."""
    told = {"exit_code": 1, "exposed": EXPOSED, "log": log, **more}
    return down(name, network=told.pop("network", "host"), state=told.pop("state", "exited"), **told)


def lives(name: str = "web", *, log: LogEvidence | None = None, **more: Any) -> Container:
    return runs(name, network="host", log=log, **more)


def refused(*places: str, retrying: bool = False) -> dict[str, dict[object, Refusal]]:
    """What the kernel refused to web."""
    return {"web-id": {place(one): Refusal(retrying) for one in places}}


def summary(found: Iterable[Finding]) -> list[tuple[str, str, int, str, str, str]]:
    return [
        (
            f.labels["wanted_by"],
            f.labels["protocol"],
            int(f.labels["port"]),
            f.labels["holder"],
            f.severity,
            f.confidence,
        )
        for f in found
    ]


def test_a_declared_port_that_its_log_names_and_another_holds_is_probable(sentence: Any) -> None:
    assert list(check(scene(died(), on=readings(NGINX)))) == [
        port_conflict(
            kind="host_bind_failed",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="web",
            holder="nginx",
            holder_kind="process",
            severity="critical",
            confidence="probable",
            detail=sentence,
        )
    ]


def test_a_port_that_only_the_log_names_is_suspected() -> None:
    seen = scene(died(exposed=()), on=readings(NGINX))
    assert summary(check(seen)) == [("web", "tcp", 8080, "nginx", "info", "suspected")]


def test_a_port_that_it_held_before_is_its_own() -> None:
    seen = scene(died(exposed=()), on=readings(NGINX), earlier={"web": frozenset(EXPOSED)})
    assert summary(check(seen)) == [("web", "tcp", 8080, "nginx", "critical", "probable")]


def test_without_a_named_port_declared_ones_count_that_another_holds() -> None:
    seen = scene(died(log=NAMELESS, exposed=(("tcp", 443), *EXPOSED)), on=readings(NGINX))
    assert summary(check(seen)) == [("web", "tcp", 8080, "nginx", "critical", "probable")]


@pytest.mark.parametrize("argument", ["8080", "--port=8080", "0.0.0.0:8080"])
def test_a_number_among_the_arguments_is_suspected(argument: str) -> None:
    seen = scene(died(log=NAMELESS, exposed=(), arguments=("serve", argument)), on=readings(NGINX))
    assert summary(check(seen)) == [("web", "tcp", 8080, "nginx", "info", "suspected")]


def test_the_protocol_that_is_declared_is_meant() -> None:
    dns = died(log=LogEvidence(1, (53,)), exposed=(("udp", 53),))
    held = process("named", "127.0.0.1:53", "127.0.0.1:53/udp")
    assert summary(check(scene(dns, on=readings(held)))) == [("web", "udp", 53, "named", "critical", "probable")]


@pytest.mark.parametrize(
    ("holder", "name", "kind"),
    [
        (container("other", "0.0.0.0:8080"), "other", "container"),
        (proxy("shop", 8080), "shop", "docker-proxy"),
        (process("", "0.0.0.0:8080"), "", "process"),
    ],
)
def test_whoever_it_is_that_holds_it(holder: Any, name: str, kind: str) -> None:
    things = (died(), lives("other"), publishes("shop", "8080:80"))
    assert [(f.labels["holder"], f.labels["holder_kind"]) for f in check(scene(*things, on=readings(holder)))] == [
        (name, kind)
    ]


@pytest.mark.parametrize(
    "claimant",
    [
        died(exit_code=0),
        died(log=None),
        died(log=LogEvidence()),
        died(log=LogEvidence(unreadable="no such driver")),
        died(log=LogEvidence(1, (9090,)), exposed=(("tcp", 9090),)),
        died(network="bridge"),
        lives(log=NAMED, exposed=EXPOSED),
    ],
    ids=["ended well", "not read", "no line", "unreadable", "free port", "own namespace", "runs"],
)
def test_what_has_not_failed_in_the_hosts_namespace_for_a_held_port_is_none(claimant: Container) -> None:
    assert list(check(scene(claimant, on=readings(NGINX)))) == []


def test_a_container_in_the_back_off_of_a_restart_has_failed_whatever_it_ended_with() -> None:
    assert len(list(check(scene(died(state="restarting", exit_code=0), on=readings(NGINX))))) == 1


@pytest.mark.parametrize(("age", "count"), [(45.0, 1), (599.0, 1), (600.0, 0)])
def test_its_last_life_counts_for_a_moment_after_a_restart(age: float, count: int) -> None:
    again = lives(log=NAMED, restart_count=3, started=NOW - age)
    assert len(list(check(scene(again, on=readings(NGINX))))) == count


def test_a_standby_that_waits_for_the_port_of_its_like_is_a_warning() -> None:
    active, waiting = replace(lives("other"), image="same"), replace(died(), image="same")
    [found] = check(scene(waiting, active, on=readings(container("other", "0.0.0.0:8080"))))
    assert found.severity == "warning"
    [rival] = check(scene(waiting, replace(active, image="another"), on=readings(container("other", "0.0.0.0:8080"))))
    assert rival.severity == "critical"


def test_one_that_got_its_port_after_a_restart_has_not_failed() -> None:
    again = lives(log=NAMED, restart_count=3, started=NOW - 1)
    assert list(check(scene(again, on=readings(container("web", "0.0.0.0:8080"))))) == []


def test_a_sharer_of_a_container_in_host_mode_is_in_the_hosts_namespace() -> None:
    sharer = replace(died("sidecar", network="container:web-id"))
    assert [f.labels["wanted_by"] for f in check(scene(lives(), sharer, on=readings(NGINX)))] == ["sidecar"]


def told_by_the_kernel(*listeners: Any, who: Container | None = None, retrying: bool = False) -> PortContext:
    """The kernel refused web what nginx holds."""
    told = refused("0.0.0.0:8080", retrying=retrying)
    return scene(who or lives(), on=readings(NGINX, *listeners, refused=told))


CONFIRMED = ("web", "tcp", 8080, "nginx", "critical", "confirmed")


def test_the_kernels_refusal_is_certain_of_one_that_runs_and_listens_nowhere() -> None:
    assert summary(check(told_by_the_kernel())) == [CONFIRMED]


def test_the_kernels_refusal_is_certain_of_one_that_died_without_a_word() -> None:
    assert summary(check(told_by_the_kernel(who=died(log=None)))) == [CONFIRMED]


def test_one_that_listens_elsewhere_may_have_been_content_with_that() -> None:
    found = check(told_by_the_kernel(container("web", "0.0.0.0:8081")))
    assert summary(found) == [("web", "tcp", 8080, "nginx", "info", "suspected")]


def test_one_that_listens_elsewhere_and_goes_on_trying_is_not_content() -> None:
    assert summary(check(told_by_the_kernel(container("web", "0.0.0.0:9000"), retrying=True))) == [CONFIRMED]


def test_a_refused_port_that_it_has_got_since_is_none() -> None:
    mine = readings(container("web", "127.0.0.1:8080"), NGINX, refused=refused("127.0.0.1:8080"))
    assert list(check(scene(lives(), on=mine))) == []


def test_a_refused_port_that_nobody_holds_any_more_is_none() -> None:
    assert list(check(scene(lives(), on=readings(refused=refused("0.0.0.0:8080"))))) == []


def test_log_and_kernel_together_are_one_finding() -> None:
    assert summary(check(told_by_the_kernel(who=died()))) == [CONFIRMED]
