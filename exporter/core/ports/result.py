"""The port findings of one observation."""

from msgspec import Struct, field

from exporter.core.findings.evaluator import Evaluation
from exporter.core.model.kernel_sample import Degraded
from exporter.core.model.sockets import PortKey


class PortResult(Struct, frozen=True):
    """`needed_lookups` are ports of failed binds without a listener: the next evaluation needs who else uses them.

    `lookups_pending`: some of them were not looked up yet. `degraded` is what cannot be read.
    """

    evaluation: Evaluation = field(default_factory=Evaluation)
    needed_lookups: frozenset[PortKey] = frozenset()
    lookups_pending: bool = False
    degraded: tuple[Degraded, ...] = ()
