"""What becomes of a packet, by which rule, and what may have happened before that."""

from typing import NamedTuple

from exporter.core.nat.packet import UNKNOWN, Answer, Packet
from exporter.core.nat.ruleset import Place, Rule

ACCEPTED, DROPPED, REJECTED, UNDECIDED = "ACCEPT", "DROP", "REJECT", "UNKNOWN"
DROPS = frozenset({DROPPED, REJECTED})
ORDER = "order of registration"  # of a limit: whether iptables-legacy or nf_tables translates first


class Decision(NamedTuple):
    """What a rule does with a packet, or the policy of a base chain: then `rule` is None.

    `base` is where the kernel enters, `number` the rule's number in its own chain from 1 on. `effect` is a target's
    name; `address` and `port` are the target of a translation. `limits` are the keys of its undetermined conditions,
    or ORDER.
    """

    base: Place
    effect: str
    answer: Answer
    rule: Rule | None = None
    number: int = 0
    address: str = ""
    port: int = 0
    limits: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """The chain that the rule stands in, or whose policy it is."""
        return self.rule.place if self.rule else self.base

    @property
    def drops(self) -> bool:
        """Whether the packet ends there."""
        return self.effect in DROPS


class Outcome(NamedTuple):
    """`verdict` is ACCEPT, DROP, REJECT or UNKNOWN, by `decision`; None where nothing dropped the packet.

    `packet` is what it became. `translations` are the rules that translated it for certain, `untracked` the rule that
    exempted it from that, `accepted` the rules that accepted it. `unclear` would change the outcome, and it is unknown
    whether they match. `partial` changes it for some of the clients only.
    """

    verdict: str
    packet: Packet
    decision: Decision | None = None
    translations: tuple[Decision, ...] = ()
    untracked: Decision | None = None
    accepted: tuple[Decision, ...] = ()
    unclear: tuple[Decision, ...] = ()
    partial: tuple[Decision, ...] = ()

    @property
    def uncertain(self) -> tuple[Decision, ...]:
        """All that may change the outcome, or does for some packets."""
        return (*self.unclear, *self.partial)

    @property
    def certain(self) -> bool:
        """Whether it is the same for every packet that was meant."""
        return self.verdict != UNDECIDED and not self.uncertain

    @property
    def dropped(self) -> bool:
        """Whether it is dropped, for certain and for all."""
        return self.verdict in DROPS and self.certain


def is_unknown(decision: Decision) -> bool:
    """Whether it is unknown, and not only different between clients."""
    return decision.answer == UNKNOWN
