"""Ports on addresses that the host does not have."""

from typing import Any

import pytest

from exporter.core.ports.rules.address_unavailable import check
from tests.support.findings import port_conflict
from tests.support.port_hosts import down, process, readings, scene

NOT_LOCAL = "Error starting userland proxy: listen tcp4 10.9.9.9:8095: bind: cannot assign requested address"


def test_an_address_that_was_not_local_is_told(sentence: Any) -> None:
    assert list(check(scene(down("web", "10.9.9.9:8095:80", error=NOT_LOCAL)))) == [
        port_conflict(
            kind="address_unavailable",
            protocol="tcp",
            address="10.9.9.9",
            port=8095,
            wanted_by="web",
            holder="",
            holder_kind="",
            severity="warning",
            confidence="confirmed",
            detail=sentence,
        )
    ]


@pytest.mark.parametrize(("policy", "severity"), [("no", "warning"), ("unless-stopped", "critical")])
def test_with_a_restart_policy_somebody_counts_on_it(policy: str, severity: str) -> None:
    stopped = down("web", "10.9.9.9:8095:80", error=NOT_LOCAL, restart_policy=policy)
    assert [found.severity for found in check(scene(stopped))] == [severity]


def test_a_port_in_use_is_none() -> None:
    stopped = down("web", "8095:80", error="listen tcp4 0.0.0.0:8095: bind: address already in use")
    assert list(check(scene(stopped, on=readings(process("nginx", "0.0.0.0:8095"))))) == []
