"""Walks: which rule decides, whether that is certain, and that no index changes the answer."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.core.nat.address_numbers import number_of, prefix_of
from exporter.core.nat.packet import YES, Inside, Packet
from exporter.core.nat.ruleset import (
    DPORT,
    DST,
    EQUAL,
    GOTO,
    IIF,
    JUMP,
    MAP,
    OIF,
    PROTOCOL,
    RETURN,
    SRC,
    UNEQUAL,
    UNKNOWN,
    Base,
    Condition,
    Place,
    Rule,
    Ruleset,
)
from exporter.core.nat.walk.chain_index import ChainIndex
from exporter.core.nat.walk.firewall import Firewall
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.outcome import Outcome
from exporter.core.nat.walk.walker import DEEPEST, Course, Hit, Walker
from tests.support.every_rule import every_rule
from tests.support.saved_rules import ruleset

FORWARD: Place = ("ip", "filter", "FORWARD")
INSIDE = Inside(frozenset({"br-front", "docker0"}), (prefix_of("172.18.0.0/16"),))
IN = Packet(oif="br-front", dst=number_of("172.18.0.2"), dport=80)
OUT = Packet(iif="br-front", src=number_of("172.18.0.2"), dport=443)
LIMIT = "-m limit --limit 1/sec"


def walker(lines: str, policy: str = "ACCEPT") -> Walker:
    """A filter table: each line is a rule, `CHAIN options`."""
    names = dict.fromkeys(line.split()[0] for line in lines.strip().splitlines())
    chains = "".join(f":{name} -\n" for name in names if name != "FORWARD")
    rules = "".join(f"-A {line.strip()}\n" for line in lines.strip().splitlines())
    return Walker(ruleset(f"*filter\n:FORWARD {policy}\n{chains}{rules}COMMIT"), INSIDE)


def branching(levels: int, ways: int) -> Ruleset:
    """Chains each of which leads to the next one several times over."""
    names = ["FORWARD", *(f"C{number}" for number in range(levels))]
    lines = [f"-A {name} -j {to}\n" * ways for name, to in pairwise(names)]
    chains = "".join(f":{name} -\n" for name in names[1:])
    return ruleset(f"*filter\n:FORWARD ACCEPT\n{chains}{''.join(lines)}-A {names[-1]} -p udp -j DROP\nCOMMIT")


def test_chains_that_are_met_exponentially_often_are_walked_up_to_a_bound() -> None:
    """Without the bound this one is 260,000 rules, and one of 15 levels and 8 ways would take for ever."""
    met = branching(17, 2)
    assert (forwarded(met, IN).verdict, forwarded(branching(12, 2), IN).verdict) == ("UNKNOWN", "ACCEPT")
    assert forwarded(branching(15, 8), IN).verdict == "UNKNOWN"


def test_several_base_chains_share_the_bound() -> None:
    table = branching(16, 2)
    bases = {("ip", f"t{number}", "FORWARD"): Base("forward", "ACCEPT") for number in range(1000)}
    chains = {
        ("ip", table_name, place[2]): tuple(replace(rule, table=table_name) for rule in rules)
        for _, table_name, _ in bases
        for place, rules in table.chains.items()
    }
    walkers = Firewall([Ruleset(chains, bases)], INSIDE)
    assert walk(walkers, IN, ("forward",)).verdict == "UNKNOWN"


def test_chains_deeper_than_those_of_the_kernel_are_not_known() -> None:
    assert forwarded(branching(DEEPEST - 1, 1), IN).verdict == "ACCEPT"
    assert forwarded(branching(DEEPEST + 2, 1), IN).verdict == "UNKNOWN"


def test_a_base_chain_matters_by_what_it_leads_to() -> None:
    """Behind harmless chains that lead to the same one: it is looked at once."""
    dropping = branching(100, 50)
    assert len(Firewall([dropping], INSIDE).entries("forward", "ip")) == 1
    [last] = dropping.chains["ip", "filter", "C99"]
    harmless = Ruleset({**dropping.chains, last.place: (replace(last, target="ACCEPT"),)}, dropping.bases)
    assert Firewall([harmless], INSIDE).entries("forward", "ip") == []


def forwarded(rules: Ruleset, packet: Packet) -> Outcome:
    return walk(Firewall([rules], INSIDE), packet, ("forward",))


def decided_for(rules: Ruleset, packet: Packet) -> str | None:
    """The verdict where it is certain and the same for all."""
    outcome = forwarded(rules, packet)
    return outcome.verdict if outcome.certain else None


def effect(lines: str, packet: Packet = IN, policy: str = "ACCEPT") -> str | None:
    return decided_for(walker(lines, policy).ruleset, packet)


def met(rules: Ruleset, packet: Packet) -> list[Hit]:
    return list(Walker(rules, INSIDE).hits(FORWARD, Course(packet)))


def hits(lines: str, packet: Packet = IN) -> list[tuple[str, str, bool]]:
    return [(hit.rule.chain, hit.target, hit.answer == YES) for hit in met(walker(lines).ruleset, packet)]


@pytest.mark.parametrize(
    ("lines", "policy", "decided"),
    [
        ("FORWARD -o docker0 -j DROP", "ACCEPT", "ACCEPT"),
        ("FORWARD -o docker0 -j ACCEPT", "DROP", "DROP"),
        ("FORWARD -o br-front -j ACCEPT", "DROP", "ACCEPT"),
        ("FORWARD -j LOG\nFORWARD -j MARK --set-xmark 1\nFORWARD -o br-front -j DROP", "ACCEPT", "DROP"),
        ("FORWARD -j DROP\nFORWARD -j ACCEPT", "ACCEPT", "DROP"),
        ("FORWARD -j RETURN\nFORWARD -j DROP", "ACCEPT", "ACCEPT"),
        # a jump, and what comes after it
        ("FORWARD -j A\nFORWARD -j DROP\nA -o docker0 -j ACCEPT", "ACCEPT", "DROP"),
        ("FORWARD -j A\nFORWARD -j DROP\nA -j ACCEPT", "ACCEPT", "ACCEPT"),
        ("FORWARD -j A\nFORWARD -j DROP\nA -j RETURN\nA -j ACCEPT", "ACCEPT", "DROP"),
        ("FORWARD -j A\nA -j B\nA -j DROP\nB -j C\nB -o br-front -j ACCEPT\nC -j RETURN", "DROP", "ACCEPT"),
        ("FORWARD -o docker0 -j A\nA -j DROP", "ACCEPT", "ACCEPT"),
        # from a goto nobody comes back
        ("FORWARD -g A\nFORWARD -j DROP\nA -o docker0 -j ACCEPT", "ACCEPT", "ACCEPT"),
        ("FORWARD -j A\nFORWARD -j DROP\nA -g B\nA -j ACCEPT\nB -j RETURN", "ACCEPT", "DROP"),
        ("FORWARD -g A\nFORWARD -j DROP\nA -j ACCEPT", "DROP", "ACCEPT"),
        # to be refused is to be dropped
        (f"FORWARD {LIMIT} -j REJECT\nFORWARD -j DROP", "ACCEPT", "DROP"),
    ],
)
def test_a_packet_goes_as_the_kernel_would_send_it(lines: str, policy: str, decided: str) -> None:
    assert effect(lines, policy=policy) == decided


@pytest.mark.parametrize(
    ("lines", "policy"),
    [
        (f"FORWARD {LIMIT} -j DROP", "ACCEPT"),
        (f"FORWARD {LIMIT} -j ACCEPT\nFORWARD -j DROP", "ACCEPT"),
        (f"FORWARD {LIMIT} -j RETURN\nFORWARD -j DROP", "ACCEPT"),
        (f"FORWARD {LIMIT} -j A\nFORWARD -j ACCEPT\nA -j DROP", "ACCEPT"),
        (f"FORWARD -j A\nFORWARD -j ACCEPT\nA {LIMIT} -j RETURN\nA -j DROP", "ACCEPT"),
        # who knows whether it goes to A, and so to the policy
        (f"FORWARD {LIMIT} -g A\nFORWARD -j DROP\nA -o docker0 -j DROP", "ACCEPT"),
        ("FORWARD -s 10.0.0.0/8 -j DROP", "ACCEPT"),
        ("FORWARD -i eth0 -j ACCEPT", "DROP"),
        ("FORWARD -j STRANGE", "ACCEPT"),
    ],
)
def test_what_cannot_be_told_decides_nothing(lines: str, policy: str) -> None:
    assert effect(lines, policy=policy) is None


@pytest.mark.parametrize(
    ("lines", "policy", "decided"),
    [
        (f"FORWARD {LIMIT} -j DROP\nFORWARD -j DROP", "ACCEPT", "DROP"),
        (f"FORWARD {LIMIT} -j ACCEPT", "ACCEPT", "ACCEPT"),
        (f"FORWARD -j A\nFORWARD -j DROP\nA {LIMIT} -j RETURN", "ACCEPT", "DROP"),
        (f"FORWARD -o docker0 {LIMIT} -j DROP", "ACCEPT", "ACCEPT"),
        (f"FORWARD {LIMIT} -j RETURN\nFORWARD -j ACCEPT", "ACCEPT", "ACCEPT"),
    ],
)
def test_where_every_way_ends_alike_that_is_the_end(lines: str, policy: str, decided: str) -> None:
    assert effect(lines, policy=policy) == decided


def test_the_rule_that_decides_is_named_and_none_where_the_policy_does() -> None:
    found = forwarded(walker("FORWARD -j A\nA -o docker0 -j LOG\nA -o br-front -j DROP").ruleset, IN).decision
    assert found is not None
    assert found.rule is not None
    assert (found.effect, found.rule.chain, found.number, found.base) == ("DROP", "A", 2, FORWARD)
    policy = forwarded(walker("FORWARD -o docker0 -j DROP", "DROP").ruleset, IN).decision
    assert policy is not None
    assert (policy.effect, policy.rule, policy.place) == ("DROP", None, FORWARD)


def test_translations_are_alike_when_they_lead_to_the_same_place() -> None:
    first = f"*nat\n:PREROUTING ACCEPT\n-A PREROUTING {LIMIT} -j DNAT --to-destination 172.18.0.2:80\n"
    same = ruleset(f"{first}-A PREROUTING -j DNAT --to-destination 172.18.0.2:80\nCOMMIT")
    other = ruleset(f"{first}-A PREROUTING -j DNAT --to-destination 172.18.0.2:81\nCOMMIT")
    packet = Packet(dport=8080, to_host=True)
    outcome = walk(Firewall([same], INSIDE), packet, ("prerouting",))
    assert outcome.certain
    assert [led.effect for led in outcome.translations] == ["DNAT"]
    assert walk(Firewall([other], INSIDE), packet, ("prerouting",)).verdict == "UNKNOWN"


def test_behind_a_rule_that_decides_stand_those_that_would_without_it() -> None:
    assert hits("FORWARD -j A\nFORWARD -o docker0 -j DROP\nFORWARD -j DROP\nA -j ACCEPT\nA -j DROP") == [
        ("A", "ACCEPT", True),
        ("A", "DROP", True),
        ("FORWARD", "DROP", True),
    ]


def test_a_rule_behind_a_return_that_may_be_taken_is_not_certain() -> None:
    assert hits(f"FORWARD -j A\nFORWARD -j DROP\nA {LIMIT} -j RETURN\nA -j ACCEPT") == [
        ("A", "ACCEPT", False),
        ("FORWARD", "DROP", True),
    ]


def test_chains_that_call_each_other_end() -> None:
    assert effect("FORWARD -j A\nA -j B\nB -j A") == "ACCEPT"


def test_a_base_chain_that_is_not_there_accepts() -> None:
    assert decided_for(Ruleset(), IN) == "ACCEPT"


def mapped(by: str, elements: dict[str, str] | None, packet: Packet, policy: str = "ACCEPT") -> str | None:
    """A chain that asks a map by a device, and two chains it may lead to."""
    rules = Ruleset(
        chains={
            FORWARD: (Rule(*FORWARD, target=MAP, to="jumps", by=by),),
            ("ip", "filter", "drops"): (Rule("ip", "filter", "drops", "DROP"),),
            ("ip", "filter", "accepts"): (Rule("ip", "filter", "accepts", "ACCEPT"),),
        },
        bases={FORWARD: Base("forward", policy)},
        maps={} if elements is None else {("ip", "filter", "jumps"): elements},
    )
    return decided_for(rules, packet)


@pytest.mark.parametrize(
    ("by", "elements", "packet", "decided"),
    [
        (OIF, {"br-front": "drops"}, IN, "DROP"),
        (OIF, {"docker0": "drops"}, IN, "ACCEPT"),
        (IIF, {"br-front": "drops"}, OUT, "DROP"),
        (IIF, {"br-front": "drops", "docker0": "drops"}, IN, "ACCEPT"),
        # what comes from outside comes by eth0, perhaps
        (IIF, {"br-front": "accepts", "eth0": "drops"}, IN, None),
        (IIF, {"eth0": "accepts"}, IN, "ACCEPT"),
        (IIF, {"lo": "drops"}, IN, "ACCEPT"),
        (IIF, None, OUT, None),
        ("ctstate", {"br-front": "drops"}, OUT, None),
    ],
)
def test_a_map_leads_where_it_says(
    by: str, elements: dict[str, str] | None, packet: Packet, decided: str | None
) -> None:
    assert mapped(by, elements, packet) == decided


def test_a_map_that_may_lead_from_outside_keeps_a_policy_from_being_certain() -> None:
    assert mapped(IIF, {"eth0": "accepts"}, IN, policy="DROP") is None
    assert mapped(IIF, {"br-front": "accepts"}, IN, policy="DROP") == "DROP"


ADDRESSES = st.sampled_from(["172.18.0.2/32", "172.18.0.3/32", "192.0.2.10/32", "172.18.0.0/16", "0.0.0.0/0"])
OPERATORS = st.sampled_from([EQUAL, EQUAL, EQUAL, UNEQUAL, UNKNOWN])
NAMES = st.sampled_from(["br-front", "docker0", "eth0", "br-*", "lo"])
CONDITIONS = st.one_of(
    st.builds(Condition, st.sampled_from([SRC, DST]), OPERATORS, ADDRESSES.map(prefix_of)),
    st.builds(Condition, st.sampled_from([IIF, OIF]), OPERATORS, NAMES),
    st.builds(Condition, st.just(PROTOCOL), OPERATORS, st.sampled_from(["tcp", "udp"])),
    st.builds(Condition, st.just(DPORT), OPERATORS, st.sampled_from([(80, 80), (443, 443), (0, 79), (80, 443)])),
)
TARGETS = st.sampled_from(["ACCEPT", "DROP", "LOG", "STRANGE", RETURN, JUMP, GOTO, MAP])
PACKETS = st.builds(
    Packet()._replace,
    iif=st.sampled_from(["", "br-front", "docker0"]),
    oif=st.sampled_from(["", "br-front", "docker0"]),
    src=st.sampled_from([None, number_of("172.18.0.2")]),
    dst=st.sampled_from([None, number_of("172.18.0.2"), number_of("192.0.2.10")]),
    protocol=st.sampled_from(["tcp", "udp"]),
    dport=st.sampled_from([80, 443]),
)


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    """Three chains of which each may lead to those after it."""
    names = ("FORWARD", "A", "B")
    chains: dict[Place, tuple[Rule, ...]] = {}
    for place, name in enumerate(names):
        rules = []
        for _ in range(draw(st.integers(0, 5))):
            target, to = draw(TARGETS), ""
            if target in (JUMP, GOTO):
                target, to = (target, draw(st.sampled_from(names[place + 1 :]))) if place < 2 else ("DROP", "")
            by = draw(st.sampled_from([IIF, OIF])) if target == MAP else ""
            conditions = tuple(draw(st.lists(CONDITIONS, max_size=4)))
            rules.append(Rule("ip", "filter", name, target, "jumps" if by else to, conditions=conditions, by=by))
        chains["ip", "filter", name] = tuple(rules)
    maps = {("ip", "filter", "jumps"): {"br-front": "leaf", "eth0": "leaf"}}
    leaf = Rule("ip", "filter", "leaf", "ACCEPT")
    return Ruleset({**chains, leaf.place: (leaf,)}, {FORWARD: Base("forward", "DROP")}, maps)


@given(rulesets(), PACKETS)
@settings(max_examples=250, deadline=None)
def test_an_index_changes_no_walk(rules: Ruleset, packet: Packet) -> None:
    indexed = met(rules, packet)
    with every_rule():
        assert indexed == met(rules, packet)


def worlds(packet: Packet) -> Iterator[Packet]:
    """What a packet from outside may be in full: each with everything known of it."""
    for iif in [packet.iif] if packet.iif else ["eth0", "eth1"]:
        for src in [packet.src] if packet.src is not None else [number_of("198.51.100.1"), number_of("10.1.2.3")]:
            yield packet._replace(iif=iif, src=src)


@given(rulesets(), PACKETS)
@settings(max_examples=200, deadline=None)
def test_what_is_certain_is_so_for_whoever_the_client_is(rules: Ruleset, packet: Packet) -> None:
    """Where all is understood: the decision for any client is the one for each of them."""
    decided = decided_for(rules, packet)
    if decided is not None:
        for world in worlds(packet):
            assert decided_for(rules, world) in (None, decided)


def test_thousands_of_ports_are_not_walked() -> None:
    """A rule that asks for one port, address or bridge is looked at only for what it asks for."""
    lines = "\n".join(f"FORWARD -p tcp -m tcp --dport {port} -j DROP" for port in range(1000, 3000))
    addressed = "\n".join(f"FORWARD -d 10.0.{n // 250}.{n % 250}/32 -j DROP" for n in range(1000))
    published = "\n".join(f"FORWARD -d 172.18.0.9/32 -p tcp --dport {port} -j ACCEPT" for port in range(3000, 4000))
    bridged = "\n".join(f"FORWARD -o {name} -j ACCEPT" for name in sorted(INSIDE.bridges))
    chain = walker(f"{lines}\n{addressed}\n{bridged}\n{published}").ruleset.chains[FORWARD]
    found: ChainIndex[int] = ChainIndex(chain, INSIDE, lambda place, _: place)
    assert len(found.candidates(IN)) == 1
    assert len(found.candidates(IN._replace(dport=1500, dst=number_of("10.0.1.5")))) == 3
    assert len(found.candidates(IN._replace(oif="", dport=3500, dst=number_of("172.18.0.9")))) == 1
