"""Evaluation of a group of rules, one moment after another."""

from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet
from typing import Generic

from msgspec import Struct, field
from msgspec.structs import replace

from exporter.core.findings.finding import Finding
from exporter.core.findings.rule import C, Input, Rule


class Evaluation(Struct, frozen=True):
    """The result of one evaluation.

    `not_evaluated`: kind -> the inputs that are missing. `pending`: kind -> its rule's hold in seconds, of kinds with a
    condition that has not held for so long yet.
    """

    findings: tuple[Finding, ...] = ()
    evaluated: tuple[str, ...] = ()
    not_evaluated: Mapping[str, tuple[Input, ...]] = field(default_factory=dict)
    pending: Mapping[str, float] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[Input, ...]:
        """The inputs whose absence suspends kinds, in the order of `Input`."""
        found = {one for inputs in self.not_evaluated.values() for one in inputs}
        return tuple(one for one in Input if one in found)

    def joined(self, other: "Evaluation") -> "Evaluation":
        """Return both as one."""
        return Evaluation(
            self.findings + other.findings,
            self.evaluated + other.evaluated,
            {**self.not_evaluated, **other.not_evaluated},
            {**self.pending, **other.pending},
        )


class Evaluator(Generic[C]):
    """Runs the rules of one group and holds their conditions. Not thread-safe."""

    def __init__(self, rules: tuple[Rule[C], ...]) -> None:
        self._rules = rules
        self._checked: tuple[C, AbstractSet[Input]] | None = None
        self._conditions: dict[tuple[str, Hashable], tuple[Finding, float]] = {}  # with the rule's hold
        self._since: dict[tuple[str, Hashable], float] = {}
        self._evaluation = Evaluation()

    def evaluate(self, context: C, missing: AbstractSet[Input], now: float) -> Evaluation:
        """Evaluate the rules whose inputs are all there. `now` is in seconds from any origin and never decreases.

        Rules are checked again only for another context object or other missing inputs. A condition that an evaluation
        did not find starts anew. The result is the same object while it is equal.
        """
        checked, previous = self._checked, self._evaluation
        if checked is None or checked[0] is not context or checked[1] != missing:
            self._check(context, missing)
        self._since = {condition: self._since.get(condition, now) for condition in self._conditions}
        findings, pending = [], {}
        for condition, (finding, hold) in self._conditions.items():
            if now - self._since[condition] >= hold:
                findings.append(finding)
            else:
                pending[finding.kind] = hold
        if (tuple(findings), pending) != (self._evaluation.findings, self._evaluation.pending):
            self._evaluation = replace(self._evaluation, findings=tuple(findings), pending=pending)
        if self._evaluation == previous:
            self._evaluation = previous
        return self._evaluation

    def _check(self, context: C, missing: AbstractSet[Input]) -> None:
        self._checked = context, frozenset(missing)
        lacking = {rule.kind: tuple(one for one in Input if one in rule.needs & missing) for rule in self._rules}
        rules = [rule for rule in self._rules if not lacking[rule.kind]]
        self._conditions = {}
        for rule in rules:
            for finding in rule.check(context):
                self._conditions.setdefault((rule.kind, finding.key), (finding, rule.hold))
            lacking[rule.kind] = tuple(rule.skipped(context))
        self._evaluation = Evaluation(
            evaluated=tuple(rule.kind for rule in rules if not lacking[rule.kind]),
            not_evaluated={kind: inputs for kind, inputs in lacking.items() if inputs},
        )
