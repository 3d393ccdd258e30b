"""How many rules there are: by chain and target, by network, by container."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

from exporter.core.nat.attribution import Attribution
from exporter.core.nat.layout import BEFORE_BRIDGE, TRANSLATING, USER
from exporter.core.nat.ledger import Series
from exporter.core.nat.ruleset import (
    DOCKER_BRIDGES,
    FAMILIES,
    FILTER,
    GOTO,
    JUMP,
    MAP,
    NAT,
    RAW,
    RETURN,
    Ruleset,
    is_dockers,
)

SHOWN_TABLES = frozenset({NAT, FILTER, RAW, DOCKER_BRIDGES})
OTHER = "other"


class RuleCounts(Struct, frozen=True):
    """`rules`: (family, table, chain, target); `networks` and `containers`: (name, target), of NAT rules alone.

    A network's chains in Docker's own tables are counted together by their common name.
    `user`: family, of the operator's own in DOCKER-USER.
    """

    rules: Mapping[Series, int] = field(default_factory=dict)
    networks: Mapping[Series, int] = field(default_factory=dict)
    containers: Mapping[Series, int] = field(default_factory=dict)
    user: Mapping[str, int] = field(default_factory=dict)


def count(rules: Ruleset, attribution: Attribution) -> RuleCounts:
    """Count the rules of both families in the tables that Docker writes to; foreign chains all together."""
    by_chain: Counter[Series] = Counter()
    networks: Counter[Series] = Counter()
    containers: Counter[Series] = Counter()
    user = {}
    for place, chain in rules.chains.items():
        family, table, name = place
        if family not in FAMILIES or table not in SHOWN_TABLES:
            continue
        shown = name if is_dockers(table, name) or place in rules.bases else OTHER
        for rule in chain:
            target = rule.target
            if target in (JUMP, GOTO, MAP):
                known = is_dockers(table, rule.to) or (family, table, rule.to) in rules.bases
                target = rule.to if known else OTHER
            by_chain[family, table, _common(table, shown), _common(table, target)] += 1
            if translates(table, name):
                networks[attribution.network(rule), target] += 1
                containers[attribution.container(rule), target] += 1
        if name == USER and table == FILTER:
            # Engines up to 28.0 end it with a RETURN of their own.
            trailing = bool(chain) and chain[-1].target == RETURN and not chain[-1].conditions
            user[family] = len(chain) - trailing
    return RuleCounts(by_chain, _named(networks), _named(containers), user)


def translates(table: str, chain: str) -> bool:
    """Whether a chain holds NAT rules; Docker's own tables have those of filter and raw too."""
    return table == NAT or (table == DOCKER_BRIDGES and chain.startswith(TRANSLATING))


def _common(table: str, chain: str) -> str:
    """The name without a network's bridge: networks come and go."""
    return chain.partition(BEFORE_BRIDGE)[0] if table == DOCKER_BRIDGES else chain


def _named(counts: Counter[Series]) -> dict[Series, int]:
    return {key: value for key, value in counts.items() if key[0]}
