"""Observations to print."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rich.console import Console

from exporter.cli.output.table import console
from exporter.core.findings.finding import Finding
from exporter.core.nat.drift import NatDrift, Subject
from exporter.core.nat.evaluator import NatJudgement
from exporter.core.nat.tracker import NatView
from exporter.core.network.result import Judgement
from exporter.core.observation import Observation
from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.result import PortJudgement
from exporter.core.topology.topology import join
from tests.support.builders import inventory, observed
from tests.support.port_hosts import DEVICES, NETWORKS, publishes

SMALL = Finding("mtu_mismatch", "warning", "front", "eth0", "front sends larger packets than eth0 takes")
STOLEN = PortConflict(
    *("published_stolen", "tcp", "0.0.0.0", 8080, "web", "nginx", "process", "critical", "confirmed"),
    "tcp/8080 is published by web and held by process nginx",
)
LIKELY = PortConflict(
    *("host_bind_failed", "tcp", "0.0.0.0", 9000, "top", "one", "container", "info", "suspected"),
    "top cannot get tcp/9000: held by container one",
)
LOST = NatDrift("missing_dnat", "warning", Subject(family="ip", container="web", host_port="8080"), "web has no rule")


def seen(
    *,
    findings: tuple[Finding, ...] = (),
    conflicts: tuple[PortConflict, ...] = (),
    drifts: tuple[NatDrift, ...] = (),
    suspended: tuple[str, ...] = (),
    connected: bool = True,
    **more: Any,
) -> Observation:
    """An observation of a host with one container, on which this was found."""
    topology = join(inventory(*NETWORKS, publishes("web", "8080:80"), connected=connected), DEVICES)
    ports = PortJudgement(conflicts, judged=("published_stolen", "host_bind_failed"), suspended=suspended)
    judgement = Judgement(findings=findings, judged=("mtu_mismatch",))
    nat = NatView(judgement=NatJudgement(drifts=drifts, judged=("missing_dnat",)))
    return replace(observed(topology), judgement=judgement, ports=ports, nat=nat, **more)


def printed(write: Callable[[Console], None]) -> list[str]:
    """The lines that are written where there is no terminal, without the blanks at their ends."""
    stream = io.StringIO()
    write(console(stream))
    return [line.rstrip() for line in stream.getvalue().splitlines()]
