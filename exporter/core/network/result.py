"""The network findings of one observation, and the figures behind them."""

from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.findings.evaluator import Evaluation
from exporter.core.model.conntrack import ConntrackStats
from exporter.core.network.context import NetworkContext
from exporter.core.topology.address_pools import PoolUse
from exporter.core.topology.address_use import SubnetUse


class NetworkResult(Struct, frozen=True):
    """`address_changes`: (container, network) -> how often the endpoint's address changed; None is unknown.

    `context` is what the rules were evaluated on.
    """

    evaluation: Evaluation = field(default_factory=Evaluation)
    context: NetworkContext | None = None
    addresses: tuple[SubnetUse, ...] = ()
    pools: PoolUse | None = None
    address_changes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    conntrack: ConntrackStats | None = None
