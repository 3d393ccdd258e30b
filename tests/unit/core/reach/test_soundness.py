"""What an answer says for certain is so whatever the conditions are that it does not understand.

Each rule with a condition that is not decoded is then put in place as one whose condition always holds, or never does:
what was reachable must be so, and what was unreachable or blocked must not be.
"""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.core.nat.ruleset import Base, Place
from tests.support.builders import connect, run
from tests.support.nat_hosts import NEW, OLD, Host
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import HOST

MONITOR = connect(run("monitor", network="host"), "host")
UNKNOWN, NEVER = "-m string --string x", "! -p tcp"
QUESTIONS = [
    ("client", "172.18.0.2:80"),
    ("client", "198.51.100.1"),
    ("client", "192.0.2.10:22"),
    ("client", "192.0.2.10:8083"),
    ("client", "172.21.0.2:80"),
    ("client", "172.18.0.3:90"),
    ("monitor", "172.18.0.2:80"),
    ("monitor", "127.0.0.1:22"),
    ("monitor", "192.0.2.10:8083"),
]
CHAINS = {
    "raw": ("PREROUTING", "OUTPUT"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "OUTPUT", "POSTROUTING"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
}
PLACES = [(table, chain) for table, chains in CHAINS.items() for chain in chains]
NAMESPACES = (HOST, "client", "web", "bare")


class Line(NamedTuple):
    """A rule: in the namespace of a container or the host's, with a condition that is not understood or without."""

    namespace: str
    table: str
    chain: str
    words: tuple[str, ...]
    target: str

    def text(self, unknown: str) -> str:
        """The rule with something else in place of what is not understood."""
        words = [unknown if word == UNKNOWN else word for word in self.words]
        return " ".join([*(word for word in words if word), f"-j {self.target}"])


WORDS = st.sampled_from(
    [UNKNOWN, UNKNOWN, "-p tcp", "-s 172.18.0.3", "-d 172.18.0.2", "-i br-front", "-o eth0", "! -s 172.18.0.0/16",
     "-p tcp --dport 80", "-m state --state NEW", "-m state --state ESTABLISHED"]
)  # fmt: skip
DNAT = ("DNAT --to-destination 172.18.0.2:80", "DNAT --to-destination 172.21.0.2:80", "REDIRECT --to-ports 22")
SNAT = ("MASQUERADE", "SNAT --to-source 192.0.2.10")


@st.composite
def lines(draw: st.DrawFn) -> Line:
    table, chain = draw(st.sampled_from(PLACES))
    targets = ["ACCEPT", "DROP", "DROP"]
    if table == "nat":
        targets += SNAT if chain == "POSTROUTING" else DNAT
    words = tuple(draw(st.lists(WORDS, max_size=2, unique=True)))
    return Line(draw(st.sampled_from(NAMESPACES)), table, chain, words, draw(st.sampled_from(targets)))


def planted(rules: Host, rows: list[Line], unknown: list[str]) -> ReachHost:
    """The host with these rules in front of its own, each with its own text for what is not understood."""
    texts = [(row, row.text(replacement)) for row, replacement in zip(rows, unknown, strict=True)]
    for row, text in texts:
        if row.namespace == HOST:
            rules = inserted(rules, ("ip", row.table, row.chain), text)
    host = ReachHost(rules, MONITOR).view("client", listeners=("0.0.0.0:90",))
    for row, text in texts:
        if row.namespace != HOST:
            host.own_rules(row.namespace, f":{row.chain} ACCEPT\n-A {row.chain} {text}", row.table)
    return host


def inserted(rules: Host, place: Place, text: str) -> Host:
    """Insert a rule; the table mangle is made for it."""
    if place in rules.rules.bases:
        return rules.inserted(place, text)
    priority = -300 if place[1] == "raw" else -150
    return rules.with_table(place, Base(place[2].lower(), "ACCEPT", priority=priority), text)


QUESTION = st.sampled_from(QUESTIONS)
RULES = st.sampled_from([OLD, NEW])


@given(st.lists(lines(), max_size=5), QUESTION, RULES, st.data())
@settings(max_examples=400)
def test_what_is_certain_is_so_whatever_is_not_understood(
    rows: list[Line], question: tuple[str, str], rules: Host, data: st.DataObject
) -> None:
    source, target = question
    said = planted(rules, rows, [UNKNOWN] * len(rows)).answer(target, source).verdict
    holds = data.draw(st.lists(st.sampled_from(["", NEVER]), min_size=len(rows), max_size=len(rows)))
    real = planted(rules, rows, holds).answer(target, source).verdict
    if said == "reachable":
        assert real == "reachable"
    if said in ("unreachable", "blocked"):
        assert real in ("unreachable", "blocked", "undetermined")


# Every chain that a packet of the question meets, there or back.
HOOKS = {"PREROUTING", "FORWARD", "POSTROUTING"}
MET = [
    *((0, HOST, table, chain) for table, chain in PLACES if table != "nat" and chain in HOOKS),
    *((1, HOST, table, chain) for table, chain in PLACES if table != "nat" and chain in HOOKS),
    *((2, HOST, table, chain) for table, chain in PLACES if table != "nat" and chain in ("PREROUTING", "INPUT")),
    *((3, HOST, table, chain) for table, chain in PLACES if table != "nat" and chain in ("INPUT", "OUTPUT")),
    *((6, HOST, table, chain) for table, chain in PLACES if table != "nat" and chain in ("OUTPUT", "INPUT")),
    *((0, name, table, chain) for name in ("client", "web") for table, chain in PLACES
      if table != "nat" and chain != "FORWARD"),
    *((5, "client", table, chain) for table, chain in PLACES if table != "nat" and chain != "FORWARD"),
]  # fmt: skip


@given(st.sampled_from(MET), st.lists(lines(), max_size=4), RULES)
@settings(max_examples=400)
def test_a_condition_that_is_not_understood_before_a_drop_never_makes_a_way_reachable(
    met: tuple[int, str, str, str], rows: list[Line], rules: Host
) -> None:
    number, namespace, table, chain = met
    source, target = QUESTIONS[number]
    drop = Line(namespace, table, chain, (UNKNOWN,), "DROP")
    rest = [row for row in rows if row.table != "nat"]  # a translation may take the packet elsewhere
    host = planted(rules, [*rest, drop], [UNKNOWN] * (len(rest) + 1))
    assert host.answer(target, source).verdict != "reachable"
