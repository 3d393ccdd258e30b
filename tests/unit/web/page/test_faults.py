import pytest

from exporter.core.observation import Observation
from exporter.core.views.host_view import build_view
from exporter.web.page.layout import MANY, layout
from tests.support.page_hosts import about, faulty, large, shop


def marked(observation: Observation, *opened: str) -> dict[str, tuple[str, ...]]:
    """The sentences by the key of a box, or by the endpoint of an edge."""
    picture = layout(build_view(observation), frozenset(opened))
    lines = {line.endpoint: line.faults for line in picture.lines if line.faults}
    return lines | {box.key: box.faults for box in picture.boxes if box.faults}


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        ({"container": "web", "network": "front"}, "front/web"),
        ({"network": "front", "subject": "web"}, "front/web"),
        ({"container": "web"}, "container/web"),
        ({"wanted_by": "web", "holder": "db"}, "container/web"),
        ({"container": "sidecar", "network": "front"}, "container/sidecar"),
        ({"network": "front", "subject": "br-front"}, "network/front"),
        ({"device": "eth0"}, "uplink/eth0"),
        ({"container": "gone", "network": "gone"}, "host/"),
        ({}, "host/"),
    ],
)
def test_a_fault_is_marked_once_where_it_is(labels: dict[str, str], place: str) -> None:
    assert marked(faulty(shop(), about("a sentence", labels))) == {place: ("critical: a sentence",)}


def test_an_element_has_the_severity_of_its_worst_fault() -> None:
    found = faulty(shop(), about("one", {"network": "back"}, "warning"), about("two", {"network": "back"}))
    [box] = [box for box in layout(build_view(found)).boxes if box.key == "network/back"]
    assert (box.severity, box.faults) == ("critical", ("critical: two", "warning: one"))


def test_a_fault_of_a_container_in_a_group_is_at_the_group_until_that_is_opened() -> None:
    found = faulty(large(MANY + 1), about("a sentence", {"container": "c001"}))
    assert list(marked(found)) == ["group/net1"]
    assert list(marked(found, "net1")) == ["container/c001"]


def test_without_findings_nothing_is_marked() -> None:
    assert marked(shop()) == {}
