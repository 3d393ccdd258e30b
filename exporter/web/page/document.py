"""The whole page: what is wrong first, then the picture, then the tables."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from exporter.core.findings.finding import CRITICAL, WARNING
from exporter.core.observation import Observation
from exporter.core.views.blind_spots import hints, unseen
from exporter.core.views.host_view import Portrait, portrait
from exporter.web.page import tables
from exporter.web.page.api import version as version_of
from exporter.web.page.details import details, finding
from exporter.web.page.layout import layout
from exporter.web.page.markup import Html, el, joined, name, text
from exporter.web.page.picture import Box
from exporter.web.page.svg import svg

LINKS = (
    ("/api/v1/topology", "topology as JSON"),
    ("/api/v1/ports", "ports"),
    ("/api/v1/findings", "findings"),
    ("/static/openapi.json", "their description"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: `show` is kind/name, `opened` networks whose containers are drawn one by one."""

    show: str = ""
    opened: frozenset[str] = frozenset()


def page(observation: Observation, asked: Asked, version: str, telemetry_path: str) -> str:
    """Write the page."""
    seen = portrait(observation)
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", text(f"{seen.host or 'this host'} · dockernet-exporter")),
        el("link", rel="stylesheet", href="/static/style.css"),
        el("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        el("script", src="/static/live.js", defer=True),
    )
    body = el("body", _header(seen), _main(observation, seen, asked), _footer(version, telemetry_path))
    written = f"<!doctype html>\n{el('html', head, body, lang='en')}\n"
    return written.encode(errors="replace").decode()  # the kernel's names may be no text at all


def _header(seen: Portrait) -> Html:
    search = el("input", type="search", id="filter", name="q", autocomplete="off", aria_label="Filter")
    return el(
        "header",
        el("h1", name(seen.host or "this host")),
        el("form", el("label", text("Filter "), search), role="search"),
        el("p", text("not live"), id="live", role="status"),
    )


def _main(observation: Observation, seen: Portrait, asked: Asked) -> Html:
    picture = svg(layout(seen, asked.opened), lambda box: _link(box, asked))
    close = "?" + urlencode([("open", network) for network in sorted(asked.opened)], errors="replace")
    return el(
        "main",
        el("section", _verdict(seen), _findings(seen), _unseen(observation), class_="verdict", id="findings"),
        details(seen, asked.show, close),
        el("div", picture, class_="scroll", tabindex="0", role="region", aria_label="Topology"),
        tables.containers(seen),
        tables.networks(seen),
        tables.ports(observation),
        tables.nat(observation),
        data_version=version_of(observation),
    )


def _verdict(seen: Portrait) -> Html:
    if not seen.connected:
        return el("h2", text("The Docker Engine does not answer"), class_="critical")
    counts = {severity: sum(line.severity == severity for line in seen.findings) for severity in (CRITICAL, WARNING)}
    told = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    worst = next((severity for severity, count in counts.items() if count), "fine")
    return el("h2", text(told or "Nothing is wrong"), class_=worst)


def _findings(seen: Portrait) -> Html:
    return joined(finding(line) for line in seen.findings)


def _unseen(observation: Observation) -> Html:
    sentences = [*unseen(observation).values(), *hints(observation)]
    items = (el("li", text(sentence)) for sentence in dict.fromkeys(sentences))
    return el("details", el("summary", text("What cannot be seen")), el("ul", *items)) if sentences else ""


def _link(box: Box, asked: Asked) -> str:
    """A box for many opens and closes them; any other leads to its details."""
    if box.key.startswith("group/"):
        return "?" + urlencode([("open", network) for network in sorted(asked.opened ^ {box.group})], errors="replace")
    if box.key in ("host/", "stack/"):
        return "#findings"
    opened = "".join(f"&open={quote(network, safe='', errors='replace')}" for network in sorted(asked.opened))
    return f"?show={quote(box.key, safe='/', errors='replace')}{opened}#details"


def _footer(version: str, telemetry_path: str) -> Html:
    links = ((telemetry_path, "metrics"), *LINKS)
    return el(
        "footer",
        text(f"dockernet-exporter {version} · "),
        text(" · ").join(el("a", text(what), href=path) for path, what in links),
    )
