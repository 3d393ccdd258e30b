import re
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.finding import CONFIRMED, INFO, WARNING, Finding, Severity
from exporter.core.model.container_details import Details
from exporter.core.nat.view import NatView
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.web.page.document import MAX_OPENED, Page
from exporter.web.page.layout import MANY
from exporter.web.page.markup import VOID, bytes_text
from exporter.web.page.state import PageState
from tests.support.builders import devices, inventory, network, run
from tests.support.page_hosts import large, named, shop

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</svg></title></style><b>",
    "two\nlines",
    "\u202eright to left\u05d0",
    "é" * 127,
    "x" * 255,
    "a&amp;b",
    "\udc80 no text",
]


class Parsed(HTMLParser):
    """Elements, attributes and words of a page; closed tags must be those that are open."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.words.append(data)


def shown(observation: Observation, show: str = "", *opened: str) -> str:
    return Page(observation, "1", "/metrics").render(PageState(show, frozenset(opened)))


@pytest.mark.parametrize("name", HOSTILE)
def test_what_others_name_is_text_and_changes_no_element(name: str) -> None:
    harmless = Parsed(shown(named("harmless", "image"), "container/harmless", "net"))
    hostile = Parsed(shown(named(name, name), f"container/{name}", name))
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes
    assert name.replace("\udc80", "?") in hostile.words


@pytest.mark.parametrize("name", HOSTILE)
def test_a_network_that_is_opened_changes_no_element_by_its_name(name: str) -> None:
    harmless = Parsed(shown(large(MANY + 1, "net"), "", "net0"))
    hostile = Parsed(shown(large(MANY + 1, name), "", f"{name}0"))
    assert (hostile.tags, hostile.attributes) == (harmless.tags, harmless.attributes)


@pytest.mark.parametrize("host", [shop(), large(MANY + 1)])
def test_a_network_that_cannot_be_opened_is_ignored_and_not_repeated(host: Observation) -> None:
    assert shown(host, "", "no-such-network", "x" * 8000) == shown(host)


def test_a_large_host_opens_no_more_networks_than_a_page_can_repeat() -> None:
    many = [network(f"net{number:03}") for number in range(2 * MAX_OPENED)]
    found = [run(f"c{number:03}", network=f"net{number % len(many):03}") for number in range(2 * len(many))]
    page = shown(Observation(join(inventory(*many, *found), devices())), "", *(n.name for n in many))
    assert max(link.count("open=") for link in re.findall(r'href="([^"]*)"', page)) == MAX_OPENED + 1


def test_a_state_is_rendered_once() -> None:
    page = Page(large(MANY + 1), "1", "/metrics")
    assert page.render(PageState()) is page.render(PageState(opened=frozenset({"nonsense"})))
    assert page.render(PageState(opened=frozenset({"net0"}))) != page.render(PageState())


def test_nothing_in_the_page_is_a_style_or_a_script_of_its_own() -> None:
    parsed = Parsed(shown(shop(), "container/web"))
    assert parsed.tags.count("script") == 4
    assert [name for name in parsed.attributes if name == "style" or name.startswith("on")] == []
    assert re.findall(r"https?://[^\"]+", shown(shop())) == ["http://www.w3.org/2000/svg"]


def verdict(page: str) -> tuple[str, str]:
    """The class and the text of the first heading of a section."""
    found = re.search(r'<h2 class="(\w+)">([^<]+)</h2>', page)
    assert found
    return found[1], found[2]


def inspected(*findings: Finding) -> Observation:
    """The host, inspected whole, with findings about its networks."""
    web = replace(run("web", network="front"), details=Details())
    result = NetworkResult(evaluation=Evaluation(findings))
    return Observation(join(inventory(network("front"), web), devices()), nat=NatView(), network=result)


def found(severity: Severity) -> Finding:
    return Finding("mtu_mismatch", severity, CONFIRMED, severity, f"{severity} detail", {"network": "front"})


def test_a_host_without_findings_is_told_to_be_fine(sentence: Any) -> None:
    assert verdict(shown(inspected())) == ("fine", sentence)


def test_a_host_that_was_not_inspected_whole_is_not_told_to_be_fine(sentence: Any) -> None:
    assert verdict(shown(replace(inspected(), nat=None))) == ("unknown", sentence)


def test_the_verdict_counts_the_findings_of_each_severity() -> None:
    assert verdict(shown(inspected(found(INFO)))) == ("fine", "1 info")
    assert verdict(shown(inspected(found(INFO), found(WARNING)))) == ("warning", "1 warning, 1 info")


def test_an_engine_that_does_not_answer_is_the_first_thing_said(sentence: Any) -> None:
    topology = shop().topology
    gone = replace(topology, inventory=replace(topology.inventory, connected=False))
    assert verdict(shown(Observation(gone))) == ("critical", sentence)


def test_details_tell_all_about_a_container() -> None:
    _, _, panel = shown(shop(1500), "container/web").partition('<aside id="details"')
    words = Parsed(f"<aside{panel.partition('</aside>')[0]}</aside>").words
    facts = ["Network mode", "front", "172.18.0.2", "172.19.0.2", "veth-web", "veth-web-back", "1.5 kB"]
    assert [fact for fact in facts if fact not in words] == []


@pytest.mark.parametrize("show", ["container/gone", "nonsense", "a/b/c", "/"])
def test_details_of_what_is_gone_say_so(show: str, sentence: Any) -> None:
    _, _, panel = shown(shop(), show).partition('<aside id="details"')
    assert re.findall(r"<p>([^<]+)</p>", panel.partition("</aside>")[0]) == [sentence]


def test_unreadable_sockets_and_rules_are_said_and_not_shown_as_none(sentence: Any) -> None:
    assert re.findall(r'<p class="unknown">([^<]+)</p>', shown(shop())) == [sentence, sentence]


def test_the_tables_have_a_row_for_every_container_and_network_it_is_on() -> None:
    rows = re.findall(r'<tr data-words="(\w+) busybox', shown(shop()))
    assert rows == ["agent", "db", "sidecar", "web", "web"]


@pytest.mark.parametrize(
    ("count", "written"), [(None, "-"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5 * 10**15, "5000.0 TB")]
)
def test_bytes_are_written_with_a_unit(count: int | None, written: str) -> None:
    assert bytes_text(count) == written
