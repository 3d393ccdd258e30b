"""Packets of rules that come and go, summed by what outlives them."""

import pytest

from exporter.core.nat.ledger import DROP, MASQUERADE, MAX_UNATTRIBUTED, PORT, NatLedger, Series
from exporter.core.nat.reading import Counted, Ended, NatReading
from exporter.core.nat.ruleset import Rule
from tests.support.saved_rules import rule

NAT = ("ip", "nat", "DOCKER")
WEB: Series = (PORT, "web", "tcp", "8080")
API: Series = (PORT, "api", "tcp", "8081")
TO_WEB = rule(NAT, "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80")
TO_API = rule(NAT, "-p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.18.0.3:80")
UNATTRIBUTED = rule(NAT, "-i docker0 -j RETURN")
OWNERS: dict[Rule, Series | None] = {TO_WEB: WEB, TO_API: API, UNATTRIBUTED: ()}


def reading(*rules: tuple[int, Rule, int], ended: tuple[tuple[int, Rule, int], ...] = ()) -> NatReading:
    """Living rules by key with their packets, and those that ended before."""
    return NatReading(
        counted=Counted(tuple(key for key, *_ in rules), tuple(rule for _, rule, _ in rules)),
        packets=[packets for *_, packets in rules],
        ended=tuple(Ended(*one) for one in ended),
    )


class Book:
    """A ledger whose owners a test may change."""

    def __init__(self) -> None:
        self.ledger = NatLedger()
        self.owners = dict(OWNERS)
        self.now = 0.0

    def read(self, *rules: tuple[int, Rule, int], ended: tuple[tuple[int, Rule, int], ...] = ()) -> dict[str, int]:
        """Take a reading; the sums after it."""
        self.now += 1
        self.ledger.read(reading(*rules, ended=ended), self.owners.__getitem__, self.now)
        return self.sums()

    def sums(self) -> dict[str, int]:
        """The sums by the first word of each series."""
        return {series[0]: count for series, count in self.ledger.totals(PORT).items()}

    def own(self, rule: Rule, series: Series | None) -> None:
        """Learn whose a rule is."""
        self.owners[rule] = series
        self.ledger.attribute(self.owners.__getitem__)


def test_what_a_rule_counts_is_its_owners() -> None:
    book = Book()
    assert book.read((1, TO_WEB, 5), (2, TO_API, 0), (3, UNATTRIBUTED, 9)) == {"web": 5, "api": 0}
    assert book.read((1, TO_WEB, 7), (2, TO_API, 1), (3, UNATTRIBUTED, 10)) == {"web": 7, "api": 1}


def test_several_rules_of_one_owner_are_one_sum() -> None:
    book = Book()
    book.owners[TO_API] = WEB
    assert book.read((1, TO_WEB, 5), (2, TO_API, 2)) == {"web": 7}


def test_a_rule_written_anew_counts_on() -> None:
    book = Book()
    book.read((1, TO_WEB, 5))
    assert book.read((2, TO_WEB, 1), ended=((1, TO_WEB, 8),)) == {"web": 9}


def test_a_life_between_two_readings_is_counted() -> None:
    book = Book()
    book.read((1, TO_WEB, 5))
    assert book.read((1, TO_WEB, 5), ended=((2, TO_API, 3),)) == {"web": 5, "api": 3}


def test_the_same_handle_in_a_table_that_was_made_anew_is_another_rule() -> None:
    book = Book()
    book.read((1, TO_WEB, 5))
    assert book.read((1, TO_WEB, 2), ended=((1, TO_WEB, 6),)) == {"web": 8}
    assert book.read((1, TO_API, 9), ended=((1, TO_WEB, 3), (1, TO_API, 1))) == {"web": 9, "api": 10}


def test_a_handle_whose_first_rule_ended_unheard_counts_for_the_next() -> None:
    """Messages were lost: what the first had counted since its last reading is gone, and nothing else."""
    book = Book()
    book.read((1, TO_WEB, 5))
    assert book.read((1, TO_API, 3)) == {"web": 5, "api": 3}
    assert book.read(ended=((1, TO_WEB, 2),)) == {"web": 7, "api": 3}


@pytest.mark.parametrize(("after", "total"), [(0, 5), (3, 8), (4, 9)])
def test_a_counter_that_was_set_to_zero_in_place_goes_on(after: int, total: int) -> None:
    book = Book()
    book.read((1, TO_WEB, 5))
    assert book.read((1, TO_WEB, after)) == {"web": total}


def test_packets_wait_for_an_owner_who_is_not_known_yet() -> None:
    book = Book()
    book.owners[TO_WEB] = None
    assert book.read((1, TO_WEB, 5)) == {}
    assert book.read((1, TO_WEB, 7)) == {}
    book.own(TO_WEB, WEB)
    assert book.read((1, TO_WEB, 8)) == {"web": 8}


def test_they_wait_beyond_the_rules_end() -> None:
    book = Book()
    book.owners[TO_WEB] = None
    book.read((1, TO_WEB, 5))
    assert book.read(ended=((1, TO_WEB, 6),)) == {}
    book.own(TO_API, API)
    assert book.sums() == {}
    book.own(TO_WEB, WEB)
    assert book.sums() == {"web": 6}
    book.own(TO_WEB, WEB)
    assert book.sums() == {"web": 6}


def test_an_owner_who_turns_out_to_be_nobody_gets_nothing() -> None:
    book = Book()
    book.owners[TO_WEB] = None
    book.read((1, TO_WEB, 5))
    book.owners[TO_WEB] = ()
    assert book.read((1, TO_WEB, 6)) == {}
    assert book.read(ended=((1, TO_WEB, 7),)) == {}


def test_only_so_many_wait() -> None:
    book = Book()
    rules = [TO_WEB, *(Rule(*NAT, "DNAT", port=number) for number in range(MAX_UNATTRIBUTED))]
    book.owners = dict.fromkeys(rules)
    for number, one in enumerate(rules):
        book.read(ended=((number, one, 1),))
    for number, one in enumerate(rules):
        book.owners[one] = (PORT, str(number), "tcp", "1")
    book.ledger.attribute(book.owners.__getitem__)
    assert len(book.sums()) == MAX_UNATTRIBUTED
    assert "0" not in book.sums()


def test_an_owner_who_gets_another_name_counts_on_under_it() -> None:
    """`docker rename`, or a container that took the address and the port of one that is gone."""
    book = Book()
    book.read((1, TO_WEB, 5))
    book.own(TO_WEB, (PORT, "shop", "tcp", "8080"))
    assert book.read((1, TO_WEB, 7)) == {"web": 5, "shop": 2}
    assert book.read(ended=((1, TO_WEB, 8),)) == {"web": 5, "shop": 3}


def test_an_owner_who_is_forgotten_for_a_moment_stays_the_owner() -> None:
    book = Book()
    book.read((1, TO_WEB, 5))
    book.own(TO_WEB, None)
    assert book.read((1, TO_WEB, 7)) == {"web": 7}


def test_series_begin_when_they_are_first_seen() -> None:
    book = Book()
    book.read((1, TO_WEB, 5))
    book.read((1, TO_WEB, 5), (2, TO_API, 1))
    assert book.ledger.created(PORT) == {("web", "tcp", "8080"): 1.0, ("api", "tcp", "8081"): 2.0}


def test_kinds_are_kept_apart() -> None:
    book = Book()
    book.owners |= {TO_WEB: (MASQUERADE, "front"), TO_API: (DROP, "front", "isolation")}
    book.read((1, TO_WEB, 5), (2, TO_API, 1))
    assert book.ledger.totals(MASQUERADE) == {("front",): 5}
    assert book.ledger.totals(DROP) == {("front", "isolation"): 1}
    assert book.ledger.totals(PORT) == {}


def test_what_is_gone_for_good_is_forgotten_and_what_still_has_a_rule_is_not() -> None:
    book = Book()
    book.read((1, TO_WEB, 5), (2, TO_API, 1))
    book.read((2, TO_API, 1), ended=((1, TO_WEB, 5),))
    book.ledger.forget(lambda series: series[1] == "somebody")
    assert book.sums() == {"web": 5, "api": 1}
    book.ledger.forget(lambda _: True)
    assert book.sums() == {"api": 1}
    assert book.ledger.created(PORT).keys() == {("api", "tcp", "8081")}
    assert book.read((2, TO_API, 1), (3, TO_WEB, 2)) == {"web": 2, "api": 1}
    assert book.ledger.created(PORT)["web", "tcp", "8080"] == 3.0
