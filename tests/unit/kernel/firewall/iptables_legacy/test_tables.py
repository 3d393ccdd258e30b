"""Tables of iptables-legacy: what the kernel answered, beside what iptables-legacy-save printed of the same moment."""

import struct
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.core.nat.ruleset import GOTO, JUMP, UNKNOWN, Rule
from exporter.kernel.firewall.iptables_legacy import tables as legacy_tables
from exporter.kernel.firewall.iptables_legacy.reader import parse_tables
from exporter.kernel.firewall.iptables_legacy.tables import ENTRIES_AT, INFO, parse_answers, read_table
from tests.support.kernel.captured_rules import LEGACY, captured
from tests.support.kernel.rule_text import lines, said, written
from tests.support.saved_rules import parse

# What is not understood of iptables.v4 and iptables.v6.
NOT_UNDERSTOOD = """
    protocol == icmp, ?icmp ACCEPT
    ?limit ACCEPT
    ?addrtype DROP
    ?flags DROP
    protocol == ipv6-icmp, ?icmp6 ACCEPT
    ?tos DROP"""


def rules(name: str) -> list[Rule]:
    """All rules of a capture, in the order of its tables."""
    return [rule for table in captured(name).tables() for chain in table.chains.values() for rule in chain]


@pytest.mark.parametrize("name", LEGACY)
def test_rules_are_those_that_iptables_legacy_save_tells(name: str) -> None:
    found = Counter(map(said, rules(name)))
    told = Counter(said(rule) for family in ("ip", "ip6") for rule in parse(captured(name).saved(family), family).rules)
    assert (found - told, told - found) == (Counter(), Counter())


@pytest.mark.parametrize("name", LEGACY)
def test_chains_with_their_rules_counters_and_policies_are_those_that_are_told(name: str) -> None:
    for table in captured(name).tables():
        family, table_name, _ = next(iter(table.chains))
        saved = parse(captured(name).saved(family), family)
        told = {place: chain for place, chain in saved.chains.items() if place[1] == table_name}
        assert {place: list(map(said, chain)) for place, chain in table.chains.items()} == {
            place: list(map(said, chain)) for place, chain in told.items()
        }
        assert {place: (base.hook, base.policy) for place, base in table.bases.items()} == {
            place: (base.hook, base.policy) for place, base in saved.bases.items() if place[1] == table_name
        }
        counted = [
            packets for rule, packets in zip(saved.rules, saved.packets, strict=True) if rule.table == table_name
        ]
        assert table.packets == counted


def test_of_rules_of_others_only_what_is_foreign_is_not_understood() -> None:
    found = [rule for rule in rules("iptables-legacy") if any(c.operator == UNKNOWN for c in rule.conditions)]
    assert list(map(written, found)) == lines(NOT_UNDERSTOOD)


def test_every_condition_of_an_engines_rules_is_understood() -> None:
    found = rules("docker-20.10-legacy")
    assert len(found) > 60
    assert [rule for rule in found if any(c.operator == UNKNOWN for c in rule.conditions)] == []


@pytest.mark.parametrize("family", ["ip", "ip6"])
def test_a_goto_is_told_from_a_jump_in_both_families(family: str) -> None:
    leading = {
        (rule.chain, rule.target, rule.to) for rule in rules("iptables-legacy") if rule.family == family and rule.to
    }
    assert {target for _, target, to in leading if to == "MANY"} == {GOTO}
    assert {target for _, target, to in leading if to == "DOCKER"} == {JUMP}


def test_chains_without_rules_are_there() -> None:
    chains = {place: chain for table in captured("iptables-legacy").tables() for place, chain in table.chains.items()}
    assert chains["ip", "filter", "EMPTY"] == ()
    assert chains["ip", "nat", "INPUT"] == ()


def test_equal_rules_are_told_apart_by_their_number() -> None:
    tables = list(captured("iptables-legacy").tables())
    _, counted, packets = parse_tables([*tables, *tables])
    assert len(counted.keys) == len(counted.rules) == len(packets) == 2 * sum(len(table.packets) for table in tables)
    _, once, _ = parse_tables(tables)
    assert len(set(once.keys)) == len(once.keys)


ANSWERS = [
    (*key.split(), bytes.fromhex(answer["info"]), bytes.fromhex(answer["entries"]))
    for key, answer in captured("iptables-legacy").document["legacy"].items()
]


@given(st.sampled_from(ANSWERS), st.data())
@settings(max_examples=600, deadline=None)
def test_what_is_no_table_is_a_value_error_and_nothing_else(
    answer: tuple[str, str, bytes, bytes], data: st.DataObject
) -> None:
    family, name, info, entries = answer
    changed = bytearray(entries)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(ENTRIES_AT, len(changed) - 1))] = data.draw(st.integers(0, 255))
    changed = changed[: data.draw(st.integers(ENTRIES_AT, len(changed)))] if data.draw(st.booleans()) else changed
    try:
        table = parse_answers(family, name, info, bytes(changed))
    except ValueError:
        return
    assert len(table.packets) == sum(map(len, table.chains.values()))


@pytest.mark.parametrize("size", range(INFO.size))
def test_half_an_answer_is_no_table(size: int) -> None:
    family, name, info, entries = ANSWERS[0]
    with pytest.raises(ValueError, match="no legacy table"):
        parse_answers(family, name, info[:size], entries)


@given(st.integers(0, len(ANSWERS[0][3]) - 1))
@settings(max_examples=300, deadline=None)
def test_entries_that_are_cut_off_are_no_shorter_table(size: int) -> None:
    """Not at the end of an entry either: a chain would have lost its end, and a rule be taken for it."""
    family, name, info, entries = ANSWERS[0]
    with pytest.raises(ValueError, match="no legacy table of"):
        parse_answers(family, name, info, entries[:size])


@pytest.mark.parametrize("length", [0, 1, 111])
def test_an_entry_that_would_be_walked_for_ever_is_none(length: int) -> None:
    family, name, info, entries = ANSWERS[0]
    raw = bytearray(entries)
    struct.pack_into("=HH", raw, ENTRIES_AT + 88, 112, length)
    with pytest.raises(ValueError, match="no entry"):
        parse_answers(family, name, info, bytes(raw))


def test_a_table_that_changes_between_two_questions_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([BlockingIOError(), BlockingIOError(), (ANSWERS[0][2], ANSWERS[0][3])])

    def ask(*_: str) -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(legacy_tables, "_read_answers", ask)
    assert read_table("ip", "nat").packets
    monkeypatch.setattr(legacy_tables, "_read_answers", lambda *_: (_ for _ in ()).throw(BlockingIOError()))
    with pytest.raises(BlockingIOError):
        read_table("ip", "nat")
