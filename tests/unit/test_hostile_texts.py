"""Texts that a container, an image, the engine, a process or a client chooses: no reader of one fails, or takes long.

In a normal run a hundred examples each; `HYPOTHESIS_PROFILE=far HYPOTHESIS_EXAMPLES=100000` makes a campaign of it.
"""

from collections.abc import Callable
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.app.logging_setup import escape_controls
from exporter.cli.output.graph import _dot, _mermaid
from exporter.cli.output.table import printable
from exporter.core.explain.query import parse_query
from exporter.core.network.start_failure import parse_start_failure
from exporter.core.ports.log_parser import parse_log
from exporter.core.ports.start_error import parse_start_error
from exporter.docker_engine.container_logs import demultiplexed
from exporter.docker_engine.text import label, unique_name
from exporter.kernel.sockets.cgroups import parse_container_ids
from exporter.kernel.sockets.processes import parse_program, parse_proxy
from exporter.metrics.text import escape
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.access.auth import _decoded
from exporter.web.negotiation import accepts_gzip, prefers_openmetrics
from exporter.web.page import markup

SHORT, LONG = 4096, 65_536  # characters; the first is what the engine's texts are cut at

READERS: dict[str, Callable[[str], object]] = {
    "error of a start: ports": parse_start_error,
    "error of a start: networks": parse_start_failure,
    "error of a start: shared": lambda text: parse_start_failure(text, joins_container=True),
    "log": lambda text: parse_log(text.splitlines()),
    "log in frames": lambda text: demultiplexed(_bytes(text)),
    "label": label,
    "name": lambda text: unique_name(text, "0" * 64),
    "label in an exposition": escape,
    "label on the page": markup.name,
    "label in a terminal": printable,
    "label in a log entry": lambda text: escape_controls(None, "", {"event": "x", "name": text}),
    "label in a graph": lambda text: (_dot(text), _mermaid(text)),
    "command line of a proxy": lambda text: parse_proxy(_bytes(text)),
    "command line": lambda text: parse_program(text[:15], _bytes(text)),
    "cgroup": parse_container_ids,
    "query": parse_query,
    "Accept": prefers_openmetrics,
    "Accept-Encoding": accepts_gzip,
    "Host": AllowedHosts(("exporter",)).allows,
    "Authorization": _decoded,
}
# What the patterns of the readers look for, and what separates it.
PARTS = (
    *("driver failed programming external connectivity on endpoint ", "Bind for 0.0.0.0:80 failed: ", "listen tcp "),
    *("failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: ", "address already in use", "port is already "),
    *("failed to listen on TCP socket: ", "network ", "not found", "cannot join network of a non running container: "),
    *("EADDRINUSE", "Address in use", "port 80", ":80", "[::]:", "0.0.0.0", "127.0.0.1", "tcp/", "8080-8090", "/udp"),
    *("\0-container-ip\0", "\0-proto\0tcp", "docker-", "0123456789abcdef" * 4, ".scope", "/", "user.slice/", "\n"),
    *(
        "Basic ",
        "Zm9v",
        "gzip;q=0.",
        "application/openmetrics-text",
        ",",
        ";",
        "=",
        ":",
        "::",
        "[",
        "]",
        '"',
        "\\",
        "<",
    ),
    *(
        "&",
        "\x1b[31m",
        "\x9b",
        "\u202e",
        "\r",
        "\x01\0\0\0\0\0\0\x05",
        "{",
        "}",
        " ",
        "  ",
        "a",
        "%",
        "é",
        "\U0001f600",
    ),
)
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=20), max_size=60).map("".join)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("reader", READERS)
@given(text=TEXTS)
def test_no_text_makes_a_reader_fail(reader: str, text: str) -> None:
    READERS[reader](text)


@pytest.mark.parametrize("reader", READERS)
def test_the_time_for_a_text_is_linear_in_its_length(reader: str) -> None:
    """A quadratic reader takes 256 times as long for 16 times the length; one that is linear may be measured badly."""
    slow = [
        part
        for part in PARTS
        if seconds(READERS[reader], part, LONG) > 4 * (LONG / SHORT) * seconds(READERS[reader], part, SHORT) + 0.05
    ]
    assert [part for part in slow if seconds(READERS[reader], part, LONG) > 0.2] == []


def seconds(read: Callable[[str], object], part: str, length: int) -> float:
    text = (part * (length // len(part) + 1))[:length]
    started = process_time()
    read(text)
    return process_time() - started
