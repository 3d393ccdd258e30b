"""How the table of `explain A B` resolves names, reads answers and counts them."""

from contextlib import nullcontext

import pytest

from tests.truth.reach import dns
from tests.truth.reach.answers import read_answer
from tests.truth.reach.play import Outcome
from tests.truth.reach.report import COLUMNS, counts, problems
from tests.truth.reach.resolve import ResolvConf, candidates, in_hosts, parse_resolv_conf
from tests.truth.reach.section import updated
from tests.truth.reach.situation import Situation, Truth, fails, fails_unseen, works


def test_a_line_of_hosts_names_an_address_in_upper_and_lower_case() -> None:
    text = "127.0.0.1\tlocalhost\n10.42.0.9 DB db.internal # old\n# 10.42.0.8 db\n\n"
    assert in_hosts(text, "db") == ["10.42.0.9"]
    assert in_hosts(text, "old") == []


def test_resolv_conf() -> None:
    text = "; generated\n# ExtServers\nnameserver 127.0.0.11\nnameserver 192.0.2.1\nsearch a b\noptions edns0 ndots:2\n"
    assert parse_resolv_conf(text) == ResolvConf("127.0.0.11", ("a", "b"), 2)
    assert parse_resolv_conf("") == ResolvConf("127.0.0.1", (), 1)


@pytest.mark.parametrize(
    ("name", "ndots", "asked"),
    [("db", 0, ["db", "db.a"]), ("db", 1, ["db.a", "db"]), ("db.b", 1, ["db.b", "db.b.a"]), ("db.", 5, ["db."])],
)
def test_names_are_asked_for_in_the_order_of_ndots(name: str, ndots: int, asked: list[str]) -> None:
    assert list(candidates(name, ResolvConf(search=("a",), ndots=ndots))) == asked


def test_the_name_server_knows_one_name() -> None:
    assert dns.addresses(dns.reply(dns.question(dns.KNOWN, dns.A))) == ["192.0.2.1"]
    assert dns.addresses(dns.reply(dns.question(dns.KNOWN, dns.AAAA))) == []
    assert dns.reply(dns.question("db", dns.A))[3] & 15 == dns.NXDOMAIN


def answer(verdict: str, *steps: tuple[str, str]) -> dict[str, object]:
    """A document of `explain` with one path."""
    rows = [{"name": name, "state": state, "detail": ""} for name, state in steps]
    return {"verdict": verdict, "paths": [{"verdict": verdict, "steps": rows}]}


def played(situation: Situation, verdict: str, *steps: tuple[str, str]) -> Outcome:
    """A situation that was answered so."""
    return Outcome(situation, answer=read_answer(answer(verdict, *steps)))


def base(_lab: object) -> nullcontext[None]:
    return nullcontext()


WORKS = works("w", base)
FAILS = fails("f", "filter", base)
UNSEEN = fails_unseen("u", "link", base)


def test_the_failing_step_is_the_first_that_is_not_ok() -> None:
    read = read_answer(answer("unreachable", ("route", "ok"), ("filter", "failed"), ("listener", "unknown")))
    assert (read.verdict, read.step) == ("unreachable", "filter")
    assert read_answer(answer("reachable", ("mtu", "unknown"))).step == ""


def test_what_is_wrong_with_an_answer() -> None:
    assert problems(played(WORKS, "reachable")) == []
    assert problems(played(UNSEEN, "undetermined", ("link", "unknown"))) == []
    assert problems(played(FAILS, "reachable")) == ["reachable, where it does not work"]
    assert problems(played(FAILS, "undetermined")) == ["undetermined, where it does not work"]
    assert problems(played(FAILS, "unreachable", ("link", "failed"))) == ["step link, planted filter"]
    assert problems(Outcome(FAILS, error="no host")) == []


def test_the_confusion_table() -> None:
    outcomes = [
        played(WORKS, "reachable"),
        played(WORKS, "unreachable", ("route", "failed")),
        played(FAILS, "blocked", ("filter", "failed")),
        played(FAILS, "unreachable", ("link", "failed")),
        played(FAILS, "reachable"),
        played(UNSEEN, "undetermined", ("link", "unknown")),
    ]
    cells = dict(zip(COLUMNS, counts("26.1.5", outcomes), strict=True))
    assert cells == {
        "engine": "26.1.5",
        "situations": "6",
        "reachable, works": "1",
        "unreachable, does not": "2",
        "undetermined, works": "0",
        "undetermined, does not": "1",
        "ambiguous": "0",
        "reachable, does not": "1",
        "unreachable, works": "1",
        "the planted step": "50.0 % (1 of 2)",
        "undetermined": "0.0 % (0 of 6)",
    }


def test_a_run_replaces_the_rows_of_its_engine_alone() -> None:
    assert FAILS.truth is Truth.FAILS
    old = updated(updated("", "20.10.24", [played(FAILS, "reachable")]), "28.5.2", [played(FAILS, "reachable")])
    new = updated(old, "28.5.2", [played(WORKS, "reachable")])
    assert [line for line in new.splitlines() if line.startswith("| 2")] == [
        "| 20.10.24 | 1 | 0 | 0 | 0 | 0 | 0 | 1 | 0 | none | 0.0 % (0 of 1) |",
        "| 28.5.2 | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 | none | 0.0 % (0 of 1) |",
        "| 20.10.24 |  | f | reachable, where it does not work |",
    ]
