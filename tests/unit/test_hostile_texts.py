"""Texts that a container, an image, the engine, a process or a client chooses: no reader of one fails, or takes long.

In a normal run a hundred examples each; `make fuzz` makes a campaign of it.
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.app.history_file import parse_row
from exporter.app.logging_setup import escape_controls
from exporter.cli.output.graph import _dot, _mermaid
from exporter.cli.output.text import printable
from exporter.core.explain.query import parse_query
from exporter.core.network.start_failure import parse_start_failure
from exporter.core.ports.log_parser import parse_log
from exporter.core.ports.start_error import parse_start_error
from exporter.core.reach.names.files import parse_hosts, parse_resolv_conf
from exporter.core.reach.question import InvalidTargetError, parse_question
from exporter.core.topology.subnets import parse_subnet
from exporter.docker_engine.client import PARSE_ERRORS
from exporter.docker_engine.container_logs import demultiplexed
from exporter.docker_engine.parse_details import parse_port, parse_time
from exporter.docker_engine.text import label, unique_name
from exporter.kernel.sockets.cgroups import parse_container_ids
from exporter.kernel.sockets.processes import parse_program, parse_proxy, parse_status
from exporter.metrics.inventory import label_name
from exporter.metrics.text import escape
from exporter.web.access.allowed_hosts import AllowedHosts
from exporter.web.access.auth import _decoded
from exporter.web.history_query import InvalidQueryError, parse_history_query
from exporter.web.negotiation import accepts_gzip, prefers_openmetrics
from exporter.web.page import markup
from tests.conftest import EXAMPLES
from tests.support.hostile_texts import PARTS, TEXTS, Read, is_linear

HISTORY = ("since", "last", "limit", "container", "network")
READERS: dict[str, Read] = {
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
    "subnet": parse_subnet,
    "hosts": parse_hosts,
    "resolv.conf": parse_resolv_conf,
    "status of a process": parse_status,
    "port": lambda text: tolerant(lambda: parse_port(text)),
    "time": lambda text: tolerant(lambda: parse_time(text)),
    "label as a name": label_name,
    "query": parse_query,
    "question": lambda text: (
        tolerant(lambda: parse_question(text, "web:80")),
        tolerant(lambda: parse_question("web", text)),
    ),
    "query of the history": lambda text: tolerant(lambda: parse_history_query(dict.fromkeys(HISTORY, text))),
    "row of the history": lambda text: tolerant(lambda: parse_row(text)),
    "Accept": prefers_openmetrics,
    "Accept-Encoding": accepts_gzip,
    "Host": AllowedHosts(("exporter",)).allows,
    "Authorization": _decoded,
}


def tolerant(read: Callable[[], object]) -> list[object]:
    """What was read, nothing where the text is refused with an error that the caller expects."""
    try:
        return [read()]
    except (*PARSE_ERRORS, InvalidTargetError, InvalidQueryError):
        return []


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("reader", READERS)
@given(text=TEXTS)
def test_no_text_makes_a_reader_fail(reader: str, text: str) -> None:
    READERS[reader](text)


@pytest.mark.parametrize("reader", READERS)
def test_the_time_for_a_text_is_linear_in_its_length(reader: str) -> None:
    assert [part for part in PARTS if not is_linear(READERS[reader], part)] == []


@pytest.mark.parametrize("reader", READERS)
@given(part=st.lists(st.sampled_from(PARTS) | st.text(max_size=3), min_size=1, max_size=4).map("".join).filter(bool))
@settings(max_examples=EXAMPLES // 50)
def test_the_time_for_a_text_of_several_parts_is_linear_in_its_length(reader: str, part: str) -> None:
    assert is_linear(READERS[reader], part)
