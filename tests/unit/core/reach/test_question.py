"""How the second argument of `explain A B` is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.core.reach.question import InvalidTargetError, Question, is_address, parse_question


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("db", ("db", 0, "tcp")),
        ("db:80", ("db", 80, "tcp")),
        ("db:53/udp", ("db", 53, "udp")),
        ("db:80/tcp", ("db", 80, "tcp")),
        ("db:UDP/53", ("db", 53, "udp")),
        ("db.front:80", ("db.front", 80, "tcp")),
        ("192.0.2.1", ("192.0.2.1", 0, "tcp")),
        ("192.0.2.1:443", ("192.0.2.1", 443, "tcp")),
        ("2001:DB8:0::1", ("2001:db8::1", 0, "tcp")),
        ("::1", ("::1", 0, "tcp")),
        ("::ffff:192.0.2.1", ("192.0.2.1", 0, "tcp")),
        ("0.0.0.0:80", ("127.0.0.1", 80, "tcp")),
        ("[::]:80", ("::1", 80, "tcp")),
        ("[2001:db8::1]:80", ("2001:db8::1", 80, "tcp")),
        ("[2001:db8::1]", ("2001:db8::1", 0, "tcp")),
        ("[::1]:53/udp", ("::1", 53, "udp")),
        ("host", ("host", 0, "tcp")),
        ("internet:80", ("internet", 80, "tcp")),
        ("8080", ("8080", 0, "tcp")),
    ],
)
def test_every_form_of_a_target(target: str, expected: tuple[str, int, str]) -> None:
    found = parse_question("client", target)
    assert (found.target, found.port, found.protocol) == expected


@pytest.mark.parametrize(
    "target",
    [
        *("", ":80", "db:", "db:0", "db:65536", "db:http", "db:80/sctp", "db:80/udp/tcp", "db:-1"),
        *("[db]:80", "[::1", "[::1]80", "[]:80", "::1]:80", "2001:db8::1:80:x", "fe80::1%eth0:80", "[fe80::1%eth0]"),
        *("[" * 50_000, "[" * 3000 + "::1" + "]" * 3000, "x:" * 50_000, "db:8\n0", "a\x1b[31m:b"),
        *("a\x1bc", "a\nb:80", "x" * 256, "x" * 256 + ":80"),
        *("http://db:80/", "http://db", "10.0.0.0/8", "two words", "two words:80"),
    ],
)
def test_an_invalid_target_is_one_short_line_that_quotes_it(target: str) -> None:
    with pytest.raises(InvalidTargetError) as raised:
        parse_question("client", target)
    line = str(raised.value)
    assert line.startswith(("'", '"'))
    assert len(line) < 200
    assert line.isprintable()
    assert "expected" in line or "is written [ADDRESS]:PORT" in line


@pytest.mark.parametrize("target", ["[fe80::1%eth0]:80", "[fe80::1%eth0]", "fe80::1%eth0", "fe80::1%25eth0:80"])
def test_a_zone_is_named_as_not_supported(target: str) -> None:
    with pytest.raises(InvalidTargetError) as raised:
        parse_question("client", target)
    assert str(raised.value) == (
        f"{target!r}: link-local addresses with a zone are not supported: expected a name or another address"
    )


def test_a_source_may_have_the_slash_of_docker_inspect() -> None:
    assert parse_question("/client", "db").source == "client"


@given(st.text(alphabet="abc:[]/.0159%-\x00\n é", max_size=30))
def test_any_text_is_a_question_or_an_error(target: str) -> None:
    try:
        found = parse_question("client", target)
    except InvalidTargetError:
        return
    assert found.target
    assert 0 <= found.port <= 65535


@given(
    st.sampled_from(["db", "db.front", "192.0.2.1", "2001:db8::1", "host"]),
    st.integers(0, 65535),
    st.sampled_from(["tcp", "udp"]),
)
def test_a_question_is_printed_as_it_is_typed(target: str, port: int, protocol: str) -> None:
    question = Question("client", target, port, protocol if port else "tcp")
    source, _, typed = str(question).partition(" ")
    assert parse_question(source, typed) == question


@pytest.mark.parametrize(("text", "is_one"), [("::1", True), ("fe80::1%eth0", False), ("1.2.3", False), ("", False)])
def test_what_is_an_address(text: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_address(text) is is_one


@pytest.mark.parametrize("source", ["a\x1bc", "a\nb", "x" * 256, "", "/"])
def test_a_source_that_is_not_a_name_is_an_error(source: str) -> None:
    with pytest.raises(InvalidTargetError) as raised:
        parse_question(source, "db")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200
