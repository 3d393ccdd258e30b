"""What a walk says for certain is so whatever the conditions are that it does not understand.

Rule sets of several tables and hooks, with conditions that are not decoded; each of those is then put in place as one
that always holds, or never does, and the walk that understands all of it must say the same. What makes walks fast, the
index of a chain and walks that were made before, must change none.
"""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.core.nat.address_numbers import number_of, prefix_of
from exporter.core.nat.packet import OUTSIDE, Inside, Packet
from exporter.core.nat.ruleset import (
    CT_MARK,
    DPORT,
    DST,
    EQUAL,
    GOTO,
    IIF,
    IN,
    IP,
    JUMP,
    MARK,
    OIF,
    ORIGINAL_DPORT,
    PROTOCOL,
    RETURN,
    SRC,
    STATE,
    UNEQUAL,
    UNKNOWN,
    UNTRACKED,
    Base,
    Condition,
    Effect,
    Place,
    Rule,
    Ruleset,
)
from exporter.core.nat.walk.firewall import Firewall
from exporter.core.nat.walk.ways import Way, way_in
from tests.support.every_rule import every_rule

INSIDE = Inside(
    frozenset({"docker0"}),
    (prefix_of("127.0.0.0/8"), prefix_of("172.17.0.0/16")),
    uplinks=frozenset({"eth0"}),
    devices={"lo": 1, "eth0": 2, "docker0": 3},
    addresses={IP: frozenset({number_of("192.0.2.10")})},
)
WEB = "172.17.0.2"
CLIENTS = [number_of(address) for address in ("192.0.2.1", "198.51.100.7")]
ADDRESSES = st.sampled_from(["0.0.0.0/0", "172.17.0.2/32", "192.0.2.0/24", "192.0.2.10/32", "198.51.100.0/24"])
OPERATORS = st.sampled_from([EQUAL, EQUAL, EQUAL, UNEQUAL])
OPEN = st.builds(Condition, st.sampled_from(["limit", "string", "u32", "bpf", "time"]), st.just(UNKNOWN), st.none())
CONDITIONS = st.one_of(
    OPEN,
    st.builds(Condition, st.sampled_from([SRC, DST]), OPERATORS, ADDRESSES.map(prefix_of)),
    st.builds(Condition, st.sampled_from([IIF, OIF]), OPERATORS, st.sampled_from(["eth0", "docker0", "eth*", "lo"])),
    st.builds(Condition, st.just(PROTOCOL), OPERATORS, st.sampled_from(["tcp", "udp"])),
    st.builds(Condition, st.just(DPORT), OPERATORS, st.sampled_from([(80, 80), (8080, 8080), (1, 1023)])),
    st.builds(Condition, st.just(DPORT), st.just(IN), st.just(((80, 80), (8080, 8090)))),
    st.builds(Condition, st.just(STATE), OPERATORS, st.sampled_from([8, 2 | 4, 1, 128])),
    st.builds(Condition, st.sampled_from([MARK, CT_MARK]), OPERATORS, st.sampled_from([(0, 1), (1, 1), (2, 3)])),
    st.builds(Condition, st.just(ORIGINAL_DPORT), OPERATORS, st.just((8080, 8080))),
)
EFFECTS = st.one_of(
    st.builds(Effect, st.sampled_from([MARK, CT_MARK]), st.sampled_from([0, 2]), st.sampled_from([0, 1]), st.just(1)),
    st.just(Effect(UNTRACKED)),
)
# Base chains, and chains that those of the same table lead to.
BASES = {
    ("ip", "raw", "PREROUTING"): Base("prerouting", "ACCEPT", "filter", -300),
    ("ip", "mangle", "PREROUTING"): Base("prerouting", "ACCEPT", "filter", -150),
    ("ip", "t", "p"): Base("prerouting", "ACCEPT", "nat", -110),
    ("ip", "nat", "PREROUTING"): Base("prerouting", "ACCEPT", "nat", -100),
    ("ip", "filter", "FORWARD"): Base("forward", "ACCEPT", "filter", 0),
    ("ip", "mangle", "POSTROUTING"): Base("postrouting", "ACCEPT", "filter", -150),
}
TRANSLATION = Rule(
    "ip", "nat", "DOCKER", "DNAT", address=WEB, port=80, conditions=(Condition(DPORT, EQUAL, (8080, 8080)),)
)


@st.composite
def rules(draw: st.DrawFn, place: Place, kind: str, inner: str) -> Rule:
    """One rule, of which not every part is understood."""
    targets = ["DROP", "ACCEPT", RETURN, "", JUMP, GOTO] if inner else ["DROP", "ACCEPT", RETURN, ""]
    target = draw(st.sampled_from([*targets, "DNAT", "DNAT"] if kind == "nat" else targets))
    conditions = tuple(draw(st.lists(CONDITIONS, max_size=3)))
    address = draw(st.sampled_from([WEB, "198.51.100.9"])) if target == "DNAT" else ""
    effects = draw(st.lists(EFFECTS, max_size=1)) if target == "" else []
    if place[1] != "raw":
        effects = [effect for effect in effects if effect.key != UNTRACKED]
    behind = tuple(effect._replace(behind=draw(st.integers(0, len(conditions)))) for effect in effects)
    to = inner if target in (JUMP, GOTO) else ""
    return Rule(*place, target, to, address, 80 if address else 0, conditions, effects=behind)


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    """Rules in front of the translation, and of the acceptance, of a published port."""
    chains: dict[Place, tuple[Rule, ...]] = {}
    bases = dict(draw(st.permutations(list(BASES.items())))[: draw(st.integers(1, 3))])
    for place, base in bases.items():
        inner = (*place[:2], "inner")
        chains[inner] = tuple(draw(st.lists(rules(inner, base.kind, ""), max_size=3)))
        chains[place] = tuple(draw(st.lists(rules(place, base.kind, "inner"), max_size=4)))
    prerouting = "ip", "nat", "PREROUTING"
    chains[prerouting] = (*chains.get(prerouting, ()), TRANSLATION)
    return Ruleset(chains, {**bases, prerouting: BASES[prerouting]})


def route(address: int) -> str:
    return "docker0" if address >> 16 == number_of("172.17.0.0") >> 16 else OUTSIDE


def way(found: Ruleset, client: int | None = None) -> Way:
    return way_in(Firewall([found], INSIDE), Packet(dport=8080, to_host=True, src=client), route)


def ends(found: Way) -> tuple[object, ...]:
    """Where the packet is led, and whether it and its answer get through."""
    led = found.arrival.packet
    dropped = any(part.verdict in ("DROP", "REJECT") for part in found.parts)
    return ("dropped",) if dropped else ("led", led.dst, led.dport)


def world(found: Ruleset, holds: Iterable[bool]) -> Ruleset:
    """The rule set with each condition that is not understood as one that always holds, or never."""
    answers = iter(holds)

    def decided(rule: Rule) -> Rule:
        conditions = tuple(
            Condition(PROTOCOL, EQUAL if next(answers) else UNEQUAL, "tcp") if c.operator == UNKNOWN else c
            for c in rule.conditions
        )
        return replace(rule, conditions=conditions)

    return replace(found, chains={place: tuple(map(decided, chain)) for place, chain in found.chains.items()})


def unknown(found: Ruleset) -> int:
    return sum(c.operator == UNKNOWN for chain in found.chains.values() for rule in chain for c in rule.conditions)


@given(rulesets(), st.data())
@settings(max_examples=300, deadline=None)
def test_what_is_certain_is_so_whatever_is_not_understood(found: Ruleset, data: st.DataObject) -> None:
    """For any client, and for each."""
    said = way(found)
    if all(part.certain for part in said.parts):
        holds = data.draw(st.lists(st.booleans(), min_size=unknown(found), max_size=unknown(found)))
        for client in CLIENTS:
            assert ends(way(world(found, holds), client)) == ends(said)


@given(rulesets())
@settings(max_examples=150, deadline=None)
def test_without_anything_unknown_every_client_has_a_certain_answer(found: Ruleset) -> None:
    known = world(found, [True] * unknown(found))
    for client in CLIENTS:
        assert all(part.certain for part in way(known, client).parts)


@given(rulesets(), st.sampled_from(["DROP", "DNAT"]))
@settings(max_examples=150, deadline=None)
def test_a_condition_that_is_not_understood_before_a_drop_or_a_dnat_never_makes_a_way_ok(
    found: Ruleset, target: str
) -> None:
    place = ("ip", "raw", "PREROUTING") if target == "DROP" else ("ip", "t", "p")
    address = "198.51.100.9" if target == "DNAT" else ""
    open_rule = Rule(
        *place, target, address=address, port=80 if address else 0, conditions=(Condition("u32", UNKNOWN),)
    )
    chains = {**found.chains, place: (open_rule, *found.chains.get(place, ()))}
    said = way(replace(found, chains=chains, bases={**found.bases, place: BASES[place]}))
    ok = not said.unclear and ends(said) == ("led", number_of(WEB), 80)
    assert not ok or (target == "DNAT" and not said.arrival.packet.state & 8)


PACKETS = st.builds(
    Packet()._replace,
    src=st.sampled_from([None, *CLIENTS]),
    dst=st.sampled_from([None, number_of("192.0.2.10")]),
    protocol=st.sampled_from(["tcp", "tcp", "udp"]),
    dport=st.sampled_from([8080, 8080, 8081, 80]),
    to_host=st.sampled_from([True]),
)
SOURCE_NAT = st.builds(
    Rule,
    *map(st.just, ("ip", "nat", "POSTROUTING", "SNAT", "")),
    st.sampled_from(["", "172.17.0.1", "192.0.2.1"]),
    st.sampled_from([0, 4000]),
    st.lists(CONDITIONS, max_size=2).map(tuple),
)


@given(rulesets(), st.lists(SOURCE_NAT, max_size=2), st.lists(PACKETS, min_size=2, max_size=8))
@settings(max_examples=300, deadline=None)
def test_walks_of_one_firewall_are_those_of_one_that_looks_at_every_rule_for_every_packet(
    found: Ruleset, source_nat: list[Rule], packets: list[Packet]
) -> None:
    place = ("ip", "nat", "POSTROUTING")
    chains, base = {**found.chains, place: tuple(source_nat)}, Base("postrouting", "ACCEPT", "nat", 100)
    everything = replace(found, chains=chains, bases={**found.bases, place: base})
    fast = Firewall([everything], INSIDE)
    for packet in packets[::2]:
        fast.walkers[0].all_hits(("ip", "nat", "inner"), packet)
    ways = [way_in(fast, packet, route) for packet in packets]
    with every_rule():
        assert ways == [way_in(Firewall([everything], INSIDE), packet, route) for packet in packets]


@given(rulesets(), rulesets(), st.sampled_from([None, *CLIENTS]))
@settings(max_examples=100, deadline=None)
def test_what_is_certain_of_two_backends_is_so_whichever_was_registered_last(
    one: Ruleset, other: Ruleset, client: int | None
) -> None:
    packet = Packet(dport=8080, to_host=True, src=client)
    said, reverse = (way_in(Firewall(both, INSIDE), packet, route) for both in ([one, other], [other, one]))
    if all(part.certain for part in said.parts):
        assert ends(said) == ends(reverse)


@given(rulesets())
@settings(max_examples=50, deadline=None)
def test_a_dnat_of_the_other_backend_that_is_not_understood_never_makes_a_way_ok(found: Ruleset) -> None:
    place = ("ip", "nat", "PREROUTING")
    open_rule = Rule(*place, "DNAT", address="198.51.100.9", port=80, conditions=(Condition("u32", UNKNOWN),))
    other = Ruleset({place: (open_rule,)}, {place: BASES[place]})
    said = way_in(Firewall([found, other], INSIDE), Packet(dport=8080, to_host=True), route)
    ok = not said.unclear and ends(said) == ("led", number_of(WEB), 80)
    assert not ok or not said.arrival.packet.state & 8 or said.arrival.translations[0].base != place
