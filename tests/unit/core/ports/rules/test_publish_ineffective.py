"""Bindings that lead nowhere."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.ports.rules.publish_ineffective import check
from tests.support.builders import network
from tests.support.findings import port_conflict
from tests.support.port_hosts import binding, down, publishes, runs, scene

BOUND = (binding("8080:80"),)


def test_a_binding_in_host_mode_is_told(sentence: Any) -> None:
    assert list(check(scene(runs("web", network="host", bindings=BOUND)))) == [
        port_conflict(
            kind="publish_ineffective",
            protocol="tcp",
            address="0.0.0.0",
            port=8080,
            wanted_by="web",
            holder="",
            holder_kind="",
            severity="info",
            confidence="confirmed",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(
    "container",
    [
        runs("web", network="none", bindings=BOUND),
        replace(runs("web", bindings=BOUND), endpoints=()),
        runs("web", network="back", bindings=BOUND),
        runs("web", network="lan", bindings=BOUND),
    ],
    ids=["none", "no endpoint", "internal", "macvlan"],
)
def test_the_reason_is_told(container: Container, sentence: Any) -> None:
    networks = (network("back", internal=True), network("lan", driver="macvlan"))
    assert [found.detail for found in check(scene(*networks, container))] == [sentence]


def test_only_what_is_not_in_effect_is_told_each_port_once() -> None:
    half = publishes("web", "8080:80")
    assert half.details
    bindings = (*half.details.bindings, binding("127.0.0.1:53:53/udp"), binding("[::1]:53:53/udp"))
    half = replace(half, details=replace(half.details, bindings=bindings))
    assert [(f.labels["protocol"], f.labels["address"], int(f.labels["port"])) for f in check(scene(half))] == [
        ("udp", "127.0.0.1", 53)
    ]


def test_in_effect_or_stopped_or_only_exposed_is_none() -> None:
    things = (publishes("web", "8080:80"), down("old", "8081:80"), runs("quiet", exposed=(("tcp", 80),)))
    assert list(check(scene(*things))) == []
