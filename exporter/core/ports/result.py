"""What was made of ports at one moment."""

from dataclasses import dataclass

from exporter.core.model.kernel_sample import Degraded
from exporter.core.ports.conflict import PortConflict
from exporter.core.ports.context import Port


@dataclass(frozen=True, slots=True)
class PortJudgement:
    """`judged` are the kinds that were looked for, `suspended` the reasons why others were not.

    `pending` says that something is seen that is a conflict only if it stays; `questions` are ports of failed binds
    that no listener explains: who else has them is worth asking. `degraded` is what cannot be seen.
    """

    conflicts: tuple[PortConflict, ...] = ()
    judged: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    pending: bool = False
    questions: frozenset[Port] = frozenset()
    degraded: tuple[Degraded, ...] = ()
