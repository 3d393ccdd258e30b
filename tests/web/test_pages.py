"""The page at /."""

from html.parser import HTMLParser

from exporter.web.pages import landing_page


class Links(HTMLParser):
    """Collects where a page leads, and the names of its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str | None] = []
        self.elements: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is opened."""
        self.elements.add(tag)
        if tag == "a":
            self.targets.append(dict(attrs)["href"])


def read(page: str) -> Links:
    links = Links()
    links.feed(page)
    return links


def test_the_page_leads_to_the_metrics_health_and_readiness() -> None:
    assert read(landing_page("1.2.3", "/metrics")).targets == ["/metrics", "/-/healthy", "/-/ready"]


def test_the_page_tells_the_version() -> None:
    assert "Version 1.2.3." in landing_page("1.2.3", "/metrics")


def test_a_path_and_a_version_cannot_become_markup() -> None:
    links = read(landing_page("<script>alert(1)</script>", '/"><script>alert(2)</script>'))
    assert "script" not in links.elements
    assert links.targets[0] == '/"><script>alert(2)</script>'
