"""Where texts that containers, images, engines and clients choose are written: a table of outputs by values.

An output keeps its form whatever the text is; without its guard it does not, which shows that the values reach it.
"""

import contextlib
import html
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import structlog
from msgspec.structs import replace
from rich.console import Console

from exporter.app import logging_setup
from exporter.cli.live_view.screen import Data, screen
from exporter.cli.live_view.state import State
from exporter.cli.output import check, connections, explain, graph, history, ports, reach, surroundings, topology
from exporter.cli.output.check_result import CheckResult
from exporter.cli.output.text import print_error
from exporter.core.connections.pair import CLIENT, CONTAINER
from exporter.core.explain.path import Explanation, Note, Path, Step
from exporter.core.history.change import Change
from exporter.core.observation import Observation
from exporter.core.reach.answer import End, ReachAnswer, ReachPath
from exporter.core.reach.surroundings import NetworkPlace, Surroundings
from exporter.core.topology.topology import join
from exporter.core.views.connection_rows import ConnectionRow
from exporter.core.views.finding_rows import FindingRow
from exporter.core.views.host_view import HostView, build_view
from exporter.web.page import api
from exporter.web.page.document import Page
from exporter.web.page.state import PageState
from tests.support.builders import bridge, connect, devices, inventory, network, observed, run, veth
from tests.support.families import exposed, values
from tests.support.terminal import printed

HARMLESS = "plain"
HOSTILE = (
    *('a"b', "a\\", "a\\N", 'a"} 1\nx{y="z', "a\nb", "a\r\nb", "a\tb", "a\0b", "a\x1b[2Jb", "a\x9b2Jb", "a\u202eb"),
    *("a\u2028b", "a\u2066b", "</script><b x='y'>&lt;", "a|b", "%%{init: {'theme': 'dark'}}%%", "`**b**`", "#quot;"),
    *("[red]b[/red]", "[/]", ":warning:", "]]>", "a\nevent: tick", "a\n# EOF", "a\n2026-01-01 [error] forged"),
)


def host(value: str) -> Observation:
    """A host on which everything has this name."""
    web = replace(connect(run("web", network="none"), value, ip="172.18.0.2"), network_mode="front")
    web = replace(web, name=value, image=value, labels={"x": value})
    found = devices(bridge("br-1", 3), veth("veth1", 5, master=3, nsid=1), sandboxes={value: 1})
    return observed(join(inventory(web, network(value, bridge="br-1", driver="bridge")), found))


def view(value: str) -> HostView:
    return replace(build_view(host(value)), host=value, product=value, engine=value)


def row(value: str) -> ConnectionRow:
    return ConnectionRow(value, value, CONTAINER, "80", "tcp", CLIENT, 1, 1, {value: 1}, {value: 2}, 1, 1, 0, 0, 0, 0)


def explanation(value: str) -> Explanation:
    step = Step("published", "ok", value)
    return Explanation(value, (Path("tcp", ("::",), 80, value, 80, (step,)),), (Note("kind", "info", value),))


def answer(value: str) -> ReachAnswer:
    end = End(value, value, value, value, value)
    step = Step("published", "ok", value)
    return ReachAnswer(value, (ReachPath(end, end, "tcp", 80, (step,)),), (), connections=(row(value),))


def result(value: str) -> CheckResult:
    line = FindingRow("port", value, "info", value, "confirmed", {"x": value})
    return CheckResult(True, value, (line,), {"engine": value}, (value,), 1, {value: ()}, value)  # noqa: FBT003


def change(value: str) -> Change:
    return Change(value, value, value, value, 1.0, value, value, value, value, value, value, {"x": value})


def shown(write: Callable[[Console], None]) -> str:
    return "\n".join(printed(write))


def errors(write: Callable[[], None]) -> str:
    with tempfile.TemporaryFile("w+") as file, contextlib.redirect_stderr(file):
        write()
        file.seek(0)
        return file.read()


def log(value: str) -> str:
    def write() -> None:
        logging_setup.set_up("info", "console")
        structlog.get_logger().info("event", text=value, texts=[value], labels={"x": value})

    return errors(write)


def keeps_lines(written: str, harmless: str, value: str) -> bool:
    """Nothing but printable characters, in as many lines, and what can be shown of the value is."""
    readable = all(c.isprintable() or c == "\n" for c in written)
    same = written.count("\n") == harmless.count("\n")
    return readable and same and "".join(c if c.isprintable() else "?" for c in value) in written


def is_json(written: str, harmless: str, value: str) -> bool:
    """ASCII without control characters that has the value: also inside a script or an event."""
    json.loads(written)
    same = written.count("\n") == harmless.count("\n")
    return written.isascii() and same and json.dumps(value)[1:-1] in written


def is_exposition(written: str, _: str, value: str, *, openmetrics: bool) -> bool:
    try:
        found = values(written, openmetrics=openmetrics)
    except (ValueError, AssertionError):
        return False
    by_name = {name: dict(labels) for name, labels in found}
    return by_name["dockernet_container_info"]["image"] == by_name["dockernet_endpoint_info"]["network"] == value


def is_page(written: str, harmless: str, value: str) -> bool:
    return all(written.count(c) == harmless.count(c) for c in "<>") and html.escape(value) in written


def is_dot(written: str, harmless: str, _: str) -> bool:
    """As many quotes as escapes leave, in as many lines, none of them with a control character."""
    bare = written.replace("\\\\", "").replace('\\"', "")
    return bare.count('"') == harmless.count('"') and "\\" not in bare and keeps_lines(written, harmless, "")


def is_mermaid(written: str, harmless: str, _: str) -> bool:
    marks = all(written.count(c) == harmless.count(c) for c in '"<>|`%&')
    return marks and keeps_lines(written, harmless, "")


@dataclass(frozen=True, slots=True)
class Sink:
    """`write` makes the output of a value, `keeps` says whether it has its form, `guard` is what holds that."""

    write: Callable[[str], str]
    keeps: Callable[[str, str, str], bool]
    guard: str


def terminal(write: Callable[[str, Console], None]) -> Sink:
    return Sink(lambda value: shown(partial(write, value)), keeps_lines, "exporter.cli.output.table.printable")


JSON = "json.dumps"
SINKS = {
    "exposition": Sink(
        lambda v: exposed(host(v)), partial(is_exposition, openmetrics=False), "exporter.metrics.text.escape"
    ),
    "OpenMetrics": Sink(
        lambda v: exposed(host(v), openmetrics=True),
        partial(is_exposition, openmetrics=True),
        "exporter.metrics.text.escape",
    ),
    "page": Sink(
        lambda v: Page(host(v), "1", "/metrics").render(PageState(f"container/{v}", frozenset({v}))),
        is_page,
        "exporter.web.page.markup.escape",
    ),
    "/api/v1/topology": Sink(lambda v: api.topology(host(v)), is_json, JSON),
    "/api/v1/live": Sink(lambda v: api.counters(host(v)), is_json, JSON),
    "/api/v1/explain": Sink(lambda v: api.explained(explanation(v)), is_json, JSON),
    "/api/v1/history": Sink(lambda v: api.changes([change(v)], 0.0), is_json, JSON),
    "topology --output json": Sink(lambda v: topology.document(view(v)), is_json, JSON),
    "topology --output dot": Sink(lambda v: graph.dot(view(v), [row(v)]), is_dot, "exporter.cli.output.graph._dot"),
    "topology --output mermaid": Sink(
        lambda v: graph.mermaid(view(v), [row(v)]), is_mermaid, "exporter.cli.output.graph._mermaid"
    ),
    "topology": terminal(lambda v, console: topology.print_tree(view(v), console)),
    "check": terminal(lambda v, console: check.print_report(result(v), console)),
    "ports": terminal(lambda v, console: ports.print_ports([ports.PortLine("tcp", "::", 1, v, v, v, v)], console)),
    "connections": terminal(lambda v, console: connections.print_connections([row(v)], console)),
    "history": terminal(lambda v, console: history.print_history([change(v)], console, 0.0)),
    "explain": terminal(lambda v, console: explain.print_explanation(explanation(v), console)),
    "explain: networks": terminal(
        lambda v, console: surroundings.print_surroundings(
            Surroundings((NetworkPlace(v, (v,), (v,), (v,)),), (v,), v, v), console
        )
    ),
    "explain A B": terminal(lambda v, console: reach.print_answer(answer(v), console)),
    "top": terminal(
        lambda v, console: console.print(screen(State(), Data(view(v), result(v).findings, (row(v),)), 400, 24))
    ),
    "top: error": Sink(
        lambda v: shown(lambda console: console.print(screen(State(words=v), Data(view("x"), error=v), 400, 24))),
        keeps_lines,
        "exporter.cli.live_view.screen.printable",
    ),
    "errors of commands": Sink(
        lambda v: errors(lambda: print_error(v)), keeps_lines, "exporter.cli.output.text.printable"
    ),
    "log": Sink(
        log, lambda written, harmless, _: keeps_lines(written, harmless, ""), "exporter.app.logging_setup._escaped"
    ),
}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", SINKS)
def test_an_output_keeps_its_form(name: str, value: str) -> None:
    sink = SINKS[name]
    written = sink.write(value)
    assert sink.keeps(written, sink.write(HARMLESS), value), written


@pytest.mark.parametrize("name", SINKS)
def test_without_its_guard_an_output_does_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = SINKS[name]
    harmless = sink.write(HARMLESS)
    if sink.guard == JSON:
        monkeypatch.setattr(JSON, partial(json.dumps, ensure_ascii=False))
    else:
        monkeypatch.setattr(sink.guard, lambda text, **_: text)
    assert not all(sink.keeps(sink.write(value), harmless, value) for value in HOSTILE)
