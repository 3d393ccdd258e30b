"""The whole page: findings first, then the picture, then the tables."""

import threading
from collections import Counter
from urllib.parse import quote, urlencode

from exporter.core.findings.finding import CRITICAL, WARNING
from exporter.core.model.bounded_dict import BoundedDict
from exporter.core.observation import Observation
from exporter.core.views.blind_spots import hints, unseen
from exporter.core.views.finding_rows import ORDER
from exporter.core.views.host_view import HostView, build_view
from exporter.web.page import tables
from exporter.web.page.api import version as version_of
from exporter.web.page.changes import History, change_list
from exporter.web.page.details import charts, details, finding
from exporter.web.page.layout import collapsible, layout
from exporter.web.page.markup import Html, el, joined, name, text
from exporter.web.page.picture import Box
from exporter.web.page.reach_form import container_names, reach_form
from exporter.web.page.state import PageState
from exporter.web.page.svg import svg

LINKS = (
    ("/api/v1/topology", "topology as JSON"),
    ("/api/v1/ports", "ports"),
    ("/api/v1/findings", "findings"),
    ("/api/v1/history", "history"),
    ("/static/openapi.json", "OpenAPI description"),
)


MAX_OPENED = 32  # networks in one address: every link of the picture repeats them
MAX_PICTURES = MAX_PAGES = 16
NO_HISTORY = History()
SCRIPTS = ("live", "charts", "faults", "reach")


class Page:
    """The page of one observation: each state and each picture is made once, one at a time. Thread-safe."""

    def __init__(
        self, observation: Observation, version: str, telemetry_path: str, history: History = NO_HISTORY
    ) -> None:
        self._observation, self._history = observation, history
        self._view = view = build_view(observation)
        self._version = version_of(observation, view)
        self._head, self._header, self._footer = _head(view), _header(view), _footer(version, telemetry_path)
        found = (_verdict(view, whole=not unseen(observation)), _findings(view), _unseen(observation))
        self._verdict = el("section", *found, class_="verdict", id="findings")
        self._tables = joined(
            (
                tables.containers(view, observation),
                tables.networks(view),
                tables.ports(observation),
                tables.nat(observation),
            )
        )
        self._names = container_names(view)
        self._lock = threading.Lock()
        self._pictures: BoundedDict[frozenset[str], Html] = BoundedDict(MAX_PICTURES)
        self._pages: BoundedDict[PageState, str] = BoundedDict(MAX_PAGES)

    def render(self, state: PageState) -> str:
        """Write the page in a state; networks that cannot be opened are ignored."""
        opened = frozenset(sorted(state.opened & collapsible(self._view))[:MAX_OPENED])
        state = PageState(state.show, opened)
        with self._lock:
            if opened not in self._pictures:
                self._pictures[opened] = _picture(self._view, opened)
            if state not in self._pages:
                self._pages[state] = self._render(state, self._pictures[opened])
            return self._pages[state]

    def _render(self, state: PageState, picture: Html) -> str:
        close = "?" + urlencode([("open", network) for network in sorted(state.opened)], errors="replace")
        panel = details(self._view, self._observation, state.show, close)
        shown = el("div", charts(self._view, state.show), id="charts") if panel else ""
        overview = el("div", picture, change_list(self._history, state.show), class_="overview")
        main = el("main", self._verdict, panel, shown, overview, self._tables, self._names, data_version=self._version)
        written = el("html", self._head, el("body", self._header, main, reach_form(), self._footer), lang="en")
        return f"<!doctype html>\n{written}\n".encode(errors="replace").decode()  # the kernel's names may not be text


def _head(view: HostView) -> Html:
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", text(f"{view.host or 'this host'} · dockernet-exporter")),
        el("link", rel="stylesheet", href="/static/style.css"),
        el("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        joined(el("script", src=f"/static/{script}.js", defer=True) for script in SCRIPTS),
    )


def _header(view: HostView) -> Html:
    search = el("input", type="search", id="filter", name="q", autocomplete="off", aria_label="Filter")
    return el(
        "header",
        el("h1", name(view.host or "this host")),
        el("form", el("label", text("Filter "), search), role="search"),
        el("p", text("not live"), id="live", role="status"),
    )


def _picture(view: HostView, opened: frozenset[str]) -> Html:
    picture = svg(layout(view, opened), lambda box: _link(box, opened))
    return el("div", picture, class_="scroll", tabindex="0", role="region", aria_label="Topology")


def _verdict(view: HostView, *, whole: bool) -> Html:
    """Write the number of findings by severity; without any they are absent only if the host was inspected `whole`."""
    if not view.connected:
        return el("h2", text("The Docker Engine does not answer"), class_="critical")
    counts = Counter(line.severity for line in view.findings)
    counted = ", ".join(f"{counts[severity]} {severity}" for severity in ORDER if counts[severity])
    worst = next((severity for severity in (CRITICAL, WARNING) if counts[severity]), "fine" if whole else "unknown")
    none = "No findings" if whole else "No findings, but not everything was inspected"
    return el("h2", text(counted or none), class_=worst)


def _findings(view: HostView) -> Html:
    return joined(finding(line) for line in view.findings)


def _unseen(observation: Observation) -> Html:
    sentences = [*unseen(observation).values(), *hints(observation)]
    items = (el("li", text(sentence)) for sentence in dict.fromkeys(sentences))
    return el("details", el("summary", text("Not inspected")), el("ul", *items)) if sentences else ""


def _link(box: Box, opened: frozenset[str]) -> str:
    """The link of a box: a group's opens or closes it, any other goes to the details."""
    if box.key.startswith("group/"):
        return "?" + urlencode([("open", network) for network in sorted(opened ^ {box.group})], errors="replace")
    if box.key in ("host/", "stack/"):
        return "#findings"
    repeated = "".join(f"&open={quote(network, safe='', errors='replace')}" for network in sorted(opened))
    return f"?show={quote(box.key, safe='/', errors='replace')}{repeated}#details"


def _footer(version: str, telemetry_path: str) -> Html:
    links = ((telemetry_path, "metrics"), *LINKS)
    return el(
        "footer",
        text(f"dockernet-exporter {version} · "),
        text(" · ").join(el("a", text(what), href=path) for path, what in links),
    )
