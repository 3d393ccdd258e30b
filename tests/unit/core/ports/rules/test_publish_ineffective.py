"""Bindings that lead nowhere."""

from dataclasses import replace

import pytest

from exporter.core.model.docker import Container
from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.rules.publish_ineffective import check
from tests.support.builders import network
from tests.support.port_hosts import binding, down, publishes, runs, scene

BOUND = (binding("8080:80"),)


def test_a_binding_in_host_mode_is_told() -> None:
    assert list(check(scene(runs("web", network="host", bindings=BOUND)))) == [
        PortConflict(
            kind="publish_ineffective",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="web",
            holder="",
            holder_kind="",
            severity="warning",
            confidence="confirmed",
            detail="tcp/8080 should lead to tcp/80 of web and does not: in host mode its ports are the host's own",
        )
    ]


@pytest.mark.parametrize(
    ("container", "why"),
    [
        (runs("web", network="none", bindings=BOUND), "it is on no network that can publish"),
        (replace(runs("web", bindings=BOUND), endpoints=()), "it is on no network that can publish"),
        (runs("web", network="back", bindings=BOUND), "its networks are internal"),
        (runs("web", network="lan", bindings=BOUND), "none of its networks publishes it"),
    ],
)
def test_the_reason_is_told(container: Container, why: str) -> None:
    networks = (network("back", internal=True), network("lan", driver="macvlan"))
    assert [found.detail.rpartition(": ")[2] for found in check(scene(*networks, container))] == [why]


def test_only_what_is_not_in_effect_is_told_each_port_once() -> None:
    half = publishes("web", "8080:80")
    bindings = (*half.details.bindings, binding("127.0.0.1:53:53/udp"), binding("[::1]:53:53/udp"))
    half = replace(half, details=replace(half.details, bindings=bindings))
    assert [(f.protocol, f.address, f.port) for f in check(scene(half))] == [("udp", "127.0.0.1", 53)]


def test_in_effect_or_stopped_or_only_exposed_is_none() -> None:
    things = (publishes("web", "8080:80"), down("old", "8081:80"), runs("quiet", exposed=(("tcp", 80),)))
    assert list(check(scene(*things))) == []
