"""Lines by which programs say that their port was taken."""

import pytest

from exporter.core.model.container_details import LogEvidence
from exporter.core.ports.log_parser import parse_log

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
    "puma": "Address already in use - bind(2) for 127.0.0.1:8170 (Errno::EADDRINUSE)",
}
NAMELESS = {
    "python": "OSError: [Errno 98] Address already in use",
    "java": 'Exception in thread "main" java.net.BindException: Address already in use',
    "busybox httpd": "httpd: bind: Address already in use",
    "busybox nc": "nc: bind: Address already in use",
    "a program in Rust": 'Error: Os { code: 98, kind: AddrInUse, message: "Address already in use" }',
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
