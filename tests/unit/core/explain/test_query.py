"""The port that a user asks about."""

import pytest

from exporter.core.explain.query import Query, parse_query


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("8080", Query("", 8080)),
        ("tcp/8080", Query("tcp", 8080)),
        ("8080/UDP", Query("udp", 8080)),
        ("sctp/1", Query("sctp", 1)),
        ("0", None),
        ("65536", None),
        ("icmp/8", None),
        ("tcp/80/udp", None),
        ("٨٠", None),
        ("web", None),
    ],
)
def test_a_port_is_read_as_people_write_it(text: str, asked: Query | None) -> None:
    assert parse_query(text) == asked
