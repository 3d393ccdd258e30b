"""Whether the host translates a container's answers back: what acts on them and drops nothing."""

from collections.abc import Iterator

from exporter.core.explain.path import FAILED, FORWARD, UNKNOWN, Step
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.context import NatContext
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.walk.rule_text import decided_by
from exporter.core.nat.walk.ways import Way

ONWARD, ANSWER = 1, 2  # of a way's parts


def answer_steps(context: NatContext, binding: ExpectedBinding, way: Way) -> Iterator[Step]:
    """Yield a step for answers without connection tracking, and for those to a source that the host lacks."""
    exempt = way.parts[ANSWER].untracked if len(way.parts) > ANSWER else None
    if exempt is not None:
        detail = f"{decided_by(exempt)} exempts the answers from connection tracking: they are not translated back"
        yield Step(FORWARD, FAILED, detail, "drop_rule")
    own = context.expected.inside.own.get(binding.family, frozenset())
    for one in way.parts[ONWARD].translations if own and len(way.parts) > ONWARD else ():
        number = number_of(one.address) if one.address else None
        if number is not None and number not in own and context.route(number):
            detail = f"{decided_by(one)} gives the packets the source {one.address}, which the host does not have"
            yield Step(FORWARD, UNKNOWN, detail, "rule_not_understood")
