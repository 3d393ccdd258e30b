"""/etc/hosts and /etc/resolv.conf, which a container may fill with anything."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.core.reach.names.files import Upstream, parse_hosts, parse_resolv_conf
from exporter.core.reach.question import is_address

MEGABYTE = 1 << 20
HOSTILE = [
    "#" * MEGABYTE,
    "# ExtServers: [" * (MEGABYTE // 15),
    "# ExtServers: [\n" * (MEGABYTE // 16),
    "#" + " " * MEGABYTE,
    "# " * (MEGABYTE // 2),
    "# ExtServers: [" + "host(" * (MEGABYTE // 5),
    "# ExtServers: [" + "host(192.0.2.1) " * (MEGABYTE // 16) + "]",
    "192.0.2.1" + " name" * (MEGABYTE // 5),
    "192.0.2.1 name\n" * (MEGABYTE // 15),
    "nameserver 192.0.2.1\n" * (MEGABYTE // 21),
    "1" * MEGABYTE,
    ":" * MEGABYTE,
    "\n" * MEGABYTE,
]
LINES = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(["nameserver 192.0.2.1", "192.0.2.1\tDB\r", "# ExtServers: [host(192.0.2.1)]", "::1 x # y"]),
    ),
    max_size=12,
).map("\n".join)


def test_hosts_is_read_as_the_resolver_reads_it() -> None:
    found = parse_hosts(
        "127.0.0.1\tlocalhost\r\n192.0.2.9  DB  db.example # old\n#192.0.2.8 db\n2001:DB8::1 db\n\nx db\n"
    )
    assert found == {
        "localhost": ("127.0.0.1",),
        "db": ("192.0.2.9", "2001:db8::1"),
        "db.example": ("192.0.2.9",),
    }


def test_an_entry_of_no_address_is_the_loopback_and_a_mapped_one_ipv4() -> None:
    assert parse_hosts("0.0.0.0 ads\n:: ads\n::ffff:192.0.2.9 db\n") == {
        "ads": ("127.0.0.1", "::1"),
        "db": ("192.0.2.9",),
    }


@pytest.mark.parametrize("line", ["192.0.2.1", "192.0.2.300 db", "fe80::1%eth0 db", "db 192.0.2.1", "# 192.0.2.1 db"])
def test_a_line_without_an_address_or_a_name_is_nothing(line: str) -> None:
    assert parse_hosts(line) == {}


def test_the_first_three_name_servers_count() -> None:
    text = "\n".join(f"nameserver 192.0.2.{number}" for number in range(1, 6))
    assert parse_resolv_conf(text).servers == ("192.0.2.1", "192.0.2.2", "192.0.2.3")


@pytest.mark.parametrize(
    ("line", "servers"),
    [
        ("nameserver\t127.0.0.11\r", ("127.0.0.11",)),
        ("nameserver fe80::1%eth0", ("fe80::1",)),
        ("nameserver 2001:DB8::1", ("2001:db8::1",)),
        ("nameserver", ()),
        ("nameserver db", ()),
        ("#nameserver 192.0.2.1", ()),
        ("nameserver 192.0.2.1%\x1b[31m", ("192.0.2.1",)),
    ],
)
def test_a_name_server(line: str, servers: tuple[str, ...]) -> None:
    assert parse_resolv_conf(line).servers == servers


@pytest.mark.parametrize(
    ("line", "upstream"),
    [
        ("# ExtServers: [host(127.0.0.53)]", (Upstream("127.0.0.53", from_host=True),)),
        (
            "# ExtServers: [8.8.8.8 host(192.0.2.1)]",
            (Upstream("8.8.8.8", from_host=False), Upstream("192.0.2.1", from_host=True)),
        ),
        ("# ExtServers: [host(fe80::1%eth0)]", (Upstream("fe80::1", from_host=True),)),
        ("# ExtServers: []", ()),
        ("# Overrides: [nameservers]", None),
        ("# ExtServers: [192.0.2.1", None),
        ("# ExtServers: [host(x)]", None),
        ("", None),
    ],
)
def test_the_servers_that_the_engine_queries(line: str, upstream: tuple[Upstream, ...] | None) -> None:
    assert parse_resolv_conf(f"nameserver 127.0.0.11\n{line}\n").upstream == upstream


@pytest.mark.parametrize(
    ("text", "name", "queries"),
    [
        ("", "db", ("db",)),
        ("search a.example b.example.\n", "db", ("db.a.example", "db.b.example", "db")),
        ("search a.example\n", "db.front", ("db.front", "db.front.a.example")),
        ("search a.example\noptions timeout:1 ndots:2\n", "db.front", ("db.front.a.example", "db.front")),
        ("search a.example\noptions ndots:0\n", "db", ("db", "db.a.example")),
        ("search a.example\noptions ndots:x\n", "db", ("db", "db.a.example")),
        ("search a.example\noptions ndots:99\n", "a" + 15 * ".b", ("a" + 15 * ".b", "a" + 15 * ".b" + ".a.example")),
        ("search a.example\ndomain b.example\n", "db", ("db.b.example", "db")),
        ("search a.example\nsearch .\n", "db", ("db",)),
        ("search a.example\n", "db.", ("db.",)),
        ("search \x1b[2J\n", "db", ("db",)),
        ("options\nsearch\n", "db", ("db",)),
    ],
)
def test_the_names_that_are_queried_for_a_name(text: str, name: str, queries: tuple[str, ...]) -> None:
    assert parse_resolv_conf(text).queries(name) == queries


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_megabyte_of_anything_is_read_in_linear_time(text: str) -> None:
    """Twice as much may take four times as long at most: quadratic time would be hours for some of these."""
    begin = time.process_time()
    parse_hosts(text)
    parse_resolv_conf(text)
    assert time.process_time() - begin < 5


@given(st.one_of(LINES, st.binary(max_size=200).map(lambda data: data.decode("utf-8", "replace"))))
def test_only_addresses_come_out_of_any_text(text: str) -> None:
    found = parse_resolv_conf(text)
    named = [address for addresses in parse_hosts(text).values() for address in addresses]
    upstream = [one.address for one in found.upstream or ()]
    assert all(map(is_address, (*found.servers, *named, *upstream)))
