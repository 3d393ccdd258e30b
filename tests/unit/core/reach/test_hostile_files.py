"""Whatever a container writes into its files, an answer is given, and its texts are whole lines."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reach_hosts import ReachHost

VERDICTS = {"reachable", "unreachable", "blocked", "undetermined", "ambiguous"}
ADDRESSES = ["172.18.0.2", "0.0.0.0", "::", "::ffff:172.18.0.2", "fe80::1%eth0", "255.255.255.255", "127.0.0.11"]
WORDS = ["web", "nameserver", "search", "# ExtServers: [", "host(", "]"]
CHARACTERS = ["\x1b[2J", "\r", "\t", "\0", "\ufffd", "\n", " "]
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
