"""Lines by which programs say that their port was taken."""

import re
import string
from collections import deque
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.core.model.container_details import LogEvidence
from exporter.core.ports.in_use_texts import FAILED_BIND_TEXTS, IN_USE_TEXTS
from exporter.core.ports.log_parser import MAX_LINE_LENGTH, MAX_LINES, PATTERNS, parse_log

NAMING = {
    "nginx": "2026/11/24 07:42:20 [emerg] 46#46: bind() to 0.0.0.0:8170 failed (98: Address already in use)",
    "nginx on IPv6": "2026/11/24 07:42:20 [emerg] 46#46: bind() to [::]:8170 failed (98: Address already in use)",
    "redis": "46:M 24 Nov 2026 07:42:23.115 # Warning: Could not create server TCP listening socket *:8170: bind: "
    "Address already in use",
    "caddy": "Error: loading new config: http app module: start: listening on :8170: listen tcp :8170: bind: address "
    "already in use",
    "a program in Go": 'ts=2026-11-24T07:42:31.193Z caller=node_exporter.go:201 level=error err="listen tcp :8170: '
    'bind: address already in use"',
    "etcd": "2026-11-24 07:42:31.216320 C | etcdmain: listen tcp 0.0.0.0:8170: bind: address already in use",
    "dnsmasq": "dnsmasq: failed to create listening socket for port 8170: Address already in use",
    "apache": "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:8170",
    "php": "[Tue Nov 24 07:42:31 2026] Failed to listen on 0.0.0.0:8170 (reason: Address already in use)",
    "lighttpd": "2026-11-24 07:42:31: (network.c.537) can't bind to socket: 0.0.0.0:8170: Address already in use",
    "node": "Error: listen EADDRINUSE: address already in use :::8170",
    "asyncio": "OSError: [Errno 98] error while attempting to bind on address ('0.0.0.0', 8170): address already in "
    "use",
    "gunicorn": "[2026-11-24 07:42:31 +0000] [7] [ERROR] Connection in use: ('0.0.0.0', 8170)",
    "spring": "Web server failed to start. Port 8170 was already in use.",
    "sshd": "error: Bind to port 8170 on 0.0.0.0 failed: Address already in use.",
    "haproxy": "[ALERT] (7) : Starting frontend web: cannot bind socket (Address already in use) [0.0.0.0:8170]",
    "kestrel": "System.IO.IOException: Failed to bind to address http://[::]:8170: address already in use.",
    "musl": "listen tcp 0.0.0.0:8170: bind: Address in use",
    "bind9": "could not listen on UDP socket: 0.0.0.0:8170: address in use",
    "jetty": "java.io.IOException: Failed to bind to 0.0.0.0/0.0.0.0:8170",
    "rabbitmq": "ERROR: distribution port 8170 in use by another node: rabbit@host",
    "erlang": "{listen_error,{listener,tcp,8170},eaddrinuse} for 0.0.0.0:8170",
    "puma": "Address already in use - bind(2) for 127.0.0.1:8170 (Errno::EADDRINUSE)",
}
NAMELESS = {
    "python": "OSError: [Errno 98] Address already in use",
    "java": 'Exception in thread "main" java.net.BindException: Address already in use',
    "busybox httpd": "httpd: bind: Address already in use",
    "busybox nc": "nc: bind: Address already in use",
    "a program in Rust": 'Error: Os { code: 98, kind: AddrInUse, message: "Address already in use" }',
    "vsftpd": "500 OOPS: could not bind listening IPv4 socket",
    "rust with a number": "Error: Address in use (os error 98)",
    "python with a time": "12:34:56 [Errno 98] Address already in use",
}


@pytest.mark.parametrize("program", NAMING)
def test_the_port_is_in_the_line(program: str) -> None:
    assert parse_log(["starting", NAMING[program], "bye"]) == LogEvidence(1, (8170,))


@pytest.mark.parametrize("program", NAMELESS)
def test_a_line_may_name_no_port(program: str) -> None:
    assert parse_log([NAMELESS[program]]) == LogEvidence(1, ())


@pytest.mark.parametrize(
    "lines",
    [
        (
            '2026-11-24 07:42:33.286 UTC [49] LOG:  could not bind IPv4 address "0.0.0.0": Address already in use',
            "2026-11-24 07:42:33.286 UTC [49] HINT:  Is another postmaster already running on port 8170? If not, wait.",
        ),
        (
            "[ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address already in use",
            "[ERROR] [MY-010257] [Server] Do you already have another mysqld server running on port: 8170 ?",
        ),
        ("1795500000: Opening ipv4 listen socket on port 8170.", "1795500000: Error: Address already in use"),
    ],
    ids=["postgres", "mariadb", "mosquitto"],
)
def test_a_neighbouring_line_names_it(lines: tuple[str, ...]) -> None:
    assert parse_log(lines) == LogEvidence(1, (8170,))


def test_a_line_that_names_its_port_is_not_asked_beyond_it() -> None:
    assert parse_log(["metrics on port 9100", NAMING["nginx"]]) == LogEvidence(1, (8170,))


def test_every_line_counts_and_every_port_is_named_once() -> None:
    assert parse_log([NAMING["nginx"], NAMING["nginx on IPv6"], NAMELESS["python"]]) == LogEvidence(3, (8170,))


@pytest.mark.parametrize(
    "line",
    [
        "listening on 8204 ok",
        "some other failure",
        "46#46: still could not bind()",
        "code 98 received",
        "bind: permission denied for :80",
        "could not allocate port 8204",
    ],
)
def test_what_tells_of_no_address_in_use_is_no_evidence(line: str) -> None:
    assert parse_log([line]) == LogEvidence()


def test_a_number_beyond_the_ports_is_none() -> None:
    assert parse_log(["listen :65536: bind: address already in use"]) == LogEvidence(1, ())
    assert parse_log([]) == LogEvidence()


# An example of each pattern of the table, in its order.
EXAMPLES = (
    "bind: Address in use",
    "listen EADDRINUSE",
    "kind: AddrInUse",
    "[Errno 98] bind",
    "failed (os error 98)",
    "bind() failed (98: )",
    "Only one usage of each socket address (protocol/network address/port) is normally permitted",
    "Connection in use: ('0.0.0.0', 80)",
    "port 80 is already in use",
    "dist port in use by another node",
    "500 OOPS: could not bind listening IPv4 socket",
    "bind: Die Adresse wird bereits verwendet",
    "bind: Adresse déjà utilisée",
    "bind: La dirección ya se está usando",
    "bind: Indirizzo già in uso",
    "bind: Endereço já em uso",
    "bind: Adres is al in gebruik",
    "bind: Adres jest już w użyciu",
    "bind: Adresa je užívána",
    "bind: Adresa je používaná",
    "bind: Adressen er allerede i brug",
    "bind: Adressen redan upptagen",
    "bind: Osoite on jo käytössä",
    "bind: A cím már használatban van",
    "bind: L’adreça ja és en ús",
    "bind: Adres zaten kullanımda",
    "bind: Alamat telah digunakan",
    "bind: Địa chỉ đang được dùng",
    "bind: Адрес уже используется",
    "bind: Адресу вже використано",
    "bind: Адресът вече се използва",
    "bind: Адреса је већ у употреби",
    "bind: Η διεύθυνση υποδοχής είναι ήδη σε χρήση",
    "bind: 地址已在使用",
    "bind: 位址已經有在使用",
    "bind: アドレスは既に使用中です",
    "bind: 주소가 이미 사용 중입니다",
    "Failed to bind to 0.0.0.0/0.0.0.0:80",
)


@pytest.mark.parametrize(("pattern", "line"), list(zip((*IN_USE_TEXTS, *FAILED_BIND_TEXTS), EXAMPLES, strict=True)))
def test_each_pattern_of_the_table_matches_its_line(pattern: str, line: str) -> None:
    assert re.search(pattern, line, re.IGNORECASE)
    assert parse_log([line]).lines == 1


@pytest.mark.parametrize("why", ["permission denied", "Cannot assign requested address", "Operation not permitted"])
def test_a_failed_bind_of_another_cause_is_no_evidence(why: str) -> None:
    assert parse_log([f"Failed to bind to 0.0.0.0:80: {why}"]) == LogEvidence()


def test_only_the_last_lines_and_the_beginning_of_each_are_read() -> None:
    line = NAMELESS["python"]
    assert parse_log([line, *["fine"] * MAX_LINES]) == LogEvidence()
    assert parse_log(["x" * MAX_LINE_LENGTH + line]) == LogEvidence()
    assert parse_log([line] * 2 * MAX_LINES).lines == MAX_LINES


WORDS = st.sampled_from(
    ["port ", "[", "('", "::", "1", "9999", ":", " ", "address ", "already ", "errno", "=", "(98", "failed to bind to "]
)
HOSTILE = st.lists(WORDS | st.text(string.printable, max_size=4), min_size=1, max_size=6).map("".join)
SHORT, LONG = 1000, 16_000  # characters: a quadratic pattern takes 256 times as long for the second


@settings(deadline=None, max_examples=25)
@given(HOSTILE)
def test_the_time_of_every_pattern_is_linear_in_the_length_of_a_line(part: str) -> None:
    short, long = (_seconds((part * LONG)[:length]) for length in (SHORT, LONG))
    assert long < 64 * short + 0.05


def _seconds(line: str) -> float:
    def once() -> float:
        started = process_time()
        for pattern in PATTERNS:
            deque(pattern.finditer(line), maxlen=0)
        return process_time() - started

    return min(once() for _ in range(2))
