"""What is found on a host of Docker 29.7.2 once everything has stood for long."""

from exporter.core.findings.finding import Finding
from exporter.core.nat.engine_options import EngineOptions
from exporter.core.nat.rules import INVENTORY_SECONDS, NAT_KINDS
from exporter.core.nat.tracker import NatTracker
from exporter.core.nat.view import NatSample, NatView
from tests.support.engine29_hosts import options, proxied
from tests.support.nat_hosts import Host, proxies


def seen(host: Host, told: EngineOptions | None = None) -> NatView:
    """What is told of a host once everything has stood for long; its options are those of its mode, unless told."""
    tracker = NatTracker()
    sample = NatSample(host.reading(), options=told)
    sockets = proxies(*proxied(host.name))
    tracker.observe(host.topology(), sample, sockets, 1.0, 0.0)
    return tracker.observe(host.topology(), sample, sockets, 2.0, INVENTORY_SECONDS)


def found(host: Host) -> list[Finding]:
    """All findings, with the options of the host's mode; every NAT kind was evaluated."""
    evaluation = seen(host, options(host.name)).evaluation
    assert evaluation.evaluated == NAT_KINDS
    return list(evaluation.findings)
