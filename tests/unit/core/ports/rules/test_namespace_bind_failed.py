"""Binds that failed in a network namespace that containers share."""

from typing import Any

import pytest

from exporter.core.model.container_details import LogEvidence
from exporter.core.model.docker import Container
from exporter.core.ports.context import Refusal
from exporter.core.ports.rules.namespace_bind_failed import check
from tests.support.findings import port_conflict
from tests.support.port_hosts import down, place, readings, runs, scene, socket

NAMED = LogEvidence(1, (80,))
WEB = runs("web")


def sidecar(name: str = "sidecar", *, target: str = "container:web-id", **more: Any) -> Container:
    """A container in web's namespace that failed."""
    told = {"exit_code": 1, "log": NAMED, "exposed": (("tcp", 80),), **more}
    return down(name, network=target, **told)


INSIDE = readings(inside={"web": ("0.0.0.0:80",)})


def test_a_sidecar_that_wants_the_port_of_the_other_is_told(sentence: Any) -> None:
    assert list(check(scene(WEB, sidecar(), on=INSIDE))) == [
        port_conflict(
            kind="namespace_bind_failed",
            protocol="tcp",
            address="0.0.0.0",
            port=80,
            wanted_by="sidecar",
            holder="web",
            holder_kind="container",
            severity="warning",
            confidence="probable",
            detail=sentence,
        )
    ]


def test_among_several_others_the_holder_is_not_known(sentence: Any) -> None:
    other = runs("other", network="container:web-id")
    [found] = check(scene(WEB, other, sidecar(), on=INSIDE))
    assert (found.labels["holder"], found.labels["holder_kind"]) == ("", "")
    assert found.detail == sentence


def test_without_a_word_of_the_image_it_is_information() -> None:
    [found] = check(scene(WEB, sidecar(exposed=()), on=INSIDE))
    assert (found.severity, found.confidence) == ("info", "suspected")


@pytest.mark.parametrize(
    ("claimant", "on"),
    [
        (sidecar(log=None), INSIDE),
        (sidecar(exit_code=0), INSIDE),
        (sidecar(), readings(inside={"web": ("0.0.0.0:81",)})),
        (sidecar(), readings()),
        (sidecar(target="container:gone"), INSIDE),
        (sidecar(target="host"), INSIDE),
        (runs("sidecar", network="container:web-id", log=NAMED, restart_count=1), INSIDE),
    ],
    ids=["no log", "ended well", "free port", "not read", "unknown namespace", "the host's", "runs again"],
)
def test_what_is_not_known_to_have_failed_for_a_port_there_is_none(claimant: Container, on: Any) -> None:
    assert list(check(scene(WEB, claimant, on=on))) == []


@pytest.mark.parametrize(("cgroup_id", "count"), [(7, 1), (9, 0)])
def test_what_the_kernel_refused_to_one_that_runs_counts_until_it_listens_itself(cgroup_id: int, count: int) -> None:
    told = {"sidecar-id": {place("0.0.0.0:80"): Refusal(retrying=False, cgroup_id=9)}}
    on = readings(inside={"web": (socket("0.0.0.0:80", cgroup_id=cgroup_id),)}, refused=told)
    found = list(check(scene(WEB, runs("sidecar", network="container:web-id"), on=on)))
    assert [(f.labels["holder"], f.confidence) for f in found] == [("web", "confirmed")] * count
