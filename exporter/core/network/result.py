"""What was made of an observation: findings, and the figures behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.core.findings.finding import Finding
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.topology.address_pools import PoolUse
from exporter.core.topology.address_use import SubnetUse


@dataclass(frozen=True, slots=True)
class Judgement:
    """`judged` are the kinds that were looked for, `suspended` the reasons why others were not.

    `suspects` are the kinds of which something is seen that is a fault only if it stays.
    """

    findings: tuple[Finding, ...] = ()
    judged: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    suspects: frozenset[str] = frozenset()
    addresses: tuple[SubnetUse, ...] = ()
    pools: PoolUse | None = None
    address_changes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    conntrack: ConntrackStats | None = None
