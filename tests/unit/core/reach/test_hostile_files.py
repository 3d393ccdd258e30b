"""Whatever a container writes into its files, an answer is given, and its texts are whole lines."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reach_hosts import ReachHost
from tests.truth.reach.resolve import candidates, in_hosts, parse_resolv_conf

VERDICTS = {"reachable", "unreachable", "blocked", "undetermined", "ambiguous"}
ADDRESSES = [
    "172.18.0.2",
    "0.0.0.0",
    "::",
    "::ffff:172.18.0.2",
    "fe80::1%eth0",
    "fe80::2%\x1b[2J",
    "255.255.255.255",
    "127.0.0.11",
]
WORDS = ["web", "nameserver", "search", "# ExtServers: [", "host(", "]"]
CHARACTERS = ["\x1b[2J", "\nsearch \x1b[2J", "\nnameserver fe80::2%\x1b[2J\n", "\r", "\t", "\0", "\ufffd", "\n", " "]
PIECES = st.sampled_from([*ADDRESSES, *WORDS, *CHARACTERS])
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map(" ".join), st.text(max_size=60))


@given(TEXTS, TEXTS, st.sampled_from(["web:80", "www.example", "internet", "host:22"]))
@settings(max_examples=300)
def test_an_answer_is_given_without_a_character_of_theirs(hosts: str, resolv_conf: str, target: str) -> None:
    answer = ReachHost().view("client", hosts=hosts, resolv_conf=resolv_conf).answer(target)
    assert answer.verdict in VERDICTS
    assert all(step.detail.isprintable() for path in answer.paths for step in path.steps)


@given(TEXTS)
def test_a_resolv_conf_without_the_engines_server_never_makes_a_name_ok(text: str) -> None:
    if "127.0.0.11" not in text:
        answer = ReachHost().view("client", resolv_conf=text).answer("web:80")
        assert answer.verdict == "unreachable"


LINES = st.lists(
    st.sampled_from(
        ["nameserver 127.0.0.11", "nameserver 192.0.2.53", "search front", "search example front", "domain example",
         "search", "search .", "options ndots:0", "options timeout:1 ndots:1", "options ndots:2", "options ndots:",
         "options ndots:0x2", "; search example", "# ExtServers: [host(192.0.2.1)]"]
    ),
    max_size=6,
).map("\n".join)  # fmt: skip
HOSTS = st.lists(
    st.sampled_from(
        ["172.18.0.2 web", "192.0.2.9 web", "192.0.2.9 WEB # web", "127.0.0.1 localhost", "#192.0.2.9 web"]
    ),
    max_size=3,
).map("\n".join)
NAMES = ("web", "WEB", "web.front")


@given(HOSTS, LINES, st.sampled_from(NAMES))
@settings(max_examples=300)
def test_a_name_is_ok_only_if_the_first_query_is_for_the_container(hosts: str, resolv_conf: str, name: str) -> None:
    """As another reader of these files has it: the one that judges what connections show."""
    answer = ReachHost().view("client", hosts=hosts, resolv_conf=resolv_conf).answer(f"{name}:80")
    if any(step.state != "ok" for step in answer.paths[0].steps if step.name == "name"):
        return
    if known := in_hosts(hosts, name):
        assert {path.target.address for path in answer.paths} == set(known)
        assert name != "web" or known == ["172.18.0.2"]
        return
    conf = parse_resolv_conf(resolv_conf)
    assert conf.server == "127.0.0.11"
    assert next(candidates(name, conf)) in (*NAMES, "WEB.front")
