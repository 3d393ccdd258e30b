"""Observations to print."""

import io
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from rich.console import Console

from exporter.cli.output.table import console
from exporter.core.findings.finding import Finding
from exporter.core.nat.drift import Subject, drift
from exporter.core.nat.view import NatView
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.ports.result import PortResult
from exporter.core.topology.topology import join
from tests.support.builders import inventory, observed
from tests.support.findings import evaluation, network_finding, port_conflict
from tests.support.port_hosts import DEVICES, NETWORKS, publishes

SMALL = network_finding("mtu_mismatch", "warning", "front", "eth0", "front sends larger packets than eth0 takes")
ON_TCP: dict[str, Any] = {"protocol": "tcp", "address": "0.0.0.0"}
STOLEN = port_conflict(
    "published_stolen",
    "critical",
    "confirmed",
    "tcp/8080 is published by web and held by process nginx",
    **ON_TCP,
    port=8080,
    wanted_by="web",
    holder="nginx",
    holder_kind="process",
)
LIKELY = port_conflict(
    "host_bind_failed",
    "info",
    "suspected",
    "top cannot get tcp/9000: held by container one",
    **ON_TCP,
    port=9000,
    wanted_by="top",
    holder="one",
    holder_kind="container",
)
LOST = drift("missing_dnat", "warning", Subject(family="ip", container="web", host_port="8080"), "web has no rule")


def seen(
    *,
    findings: tuple[Finding, ...] = (),
    conflicts: tuple[Finding, ...] = (),
    drifts: tuple[Finding, ...] = (),
    suspended: tuple[str, ...] = (),
    connected: bool = True,
    **more: Any,
) -> Observation:
    """An observation of a host with one container, on which this was found."""
    topology = join(inventory(*NETWORKS, publishes("web", "8080:80"), connected=connected), DEVICES)
    ports = PortResult(evaluation(*conflicts, kinds=("published_stolen", "host_bind_failed"), missing=suspended))
    network = NetworkResult(evaluation(*findings, kinds=("mtu_mismatch",)))
    nat = NatView(evaluation=evaluation(*drifts, kinds=("missing_dnat",)))
    return replace(observed(topology), network=network, ports=ports, nat=nat, **more)


def printed(write: Callable[[Console], None]) -> list[str]:
    """The lines that are written where there is no terminal, without the blanks at their ends."""
    stream = io.StringIO()
    write(console(stream))
    return [line.rstrip() for line in stream.getvalue().splitlines()]
