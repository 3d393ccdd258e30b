"""The rules of Grafana's dashboard-linter, and some of our own: each yields what it complains about."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import combinations

from tests.support.grafana.dashboards import (
    VARIABLE,
    Dashboard,
    Query,
    annotation_queries,
    panel_queries,
    panels,
    variables,
)
from tests.support.grafana.expressions import Selector, selectors

Rule = Callable[[Dashboard], Iterator[str]]

WIDTH = 24
SCOPE = frozenset({'job=~".+"', 'instance=~".+"'})
RATE_WINDOW, RANGE_WINDOW = timedelta(seconds=7919), timedelta(seconds=104729)
MARKED = {"__rate_interval": "7919s", "__range": "104729s", "__interval": "17s"}
# Grafana's own of which panels make use.
UNITS = {"Bps", "pps", "cps", "ops", "bytes", "percentunit", "s", "short", "none"}
LABELS = {
    "job": "Job",
    "instance": "Instance",
    "compose_project": "Compose project",
    "network": "Network",
    "container": "Container",
}
SOURCE = re.compile(r"label_values\((?:(?P<selector>.+), )?(?P<label>\w+)\)")
REFRESH_SECONDS = 30


def template_datasource(dashboard: Dashboard) -> Iterator[str]:
    """A data source can be chosen, among those of Prometheus."""
    variable = variables(dashboard).get("datasource", {})
    if (variable.get("type"), variable.get("query"), variable.get("label")) != (
        "datasource",
        "prometheus",
        "Data source",
    ):
        yield "no variable for the data source"


def template_labels(dashboard: Dashboard) -> Iterator[str]:
    """Variables of labels ask the chosen data source anew when the time range changes, and take several values."""
    chosen = {name: variable for name, variable in variables(dashboard).items() if name != "datasource"}
    if list(chosen)[:2] != ["job", "instance"]:
        yield "job and instance do not come first"
    for name, variable in chosen.items():
        if variable["label"] != LABELS.get(name):
            yield f"{name} is not called {LABELS.get(name)}"
        if not (variable["multi"] and variable["includeAll"]):
            yield f"{name} does not take several values"
        if variable["refresh"] != 2:
            yield f"{name} is not read again when the time range changes"
        if variable["datasource"]["uid"] != "${datasource}":
            yield f"{name} asks another data source"
        if name in {"job", "instance", "network"} and variable["allValue"] != ".+":
            yield f"all of {name} is not .+"


def template_queries(dashboard: Dashboard) -> Iterator[str]:
    """What a variable asks is valid PromQL, within the variables before it."""
    for name, variable in variables(dashboard).items():
        if name == "datasource":
            continue
        match = SOURCE.fullmatch(variable["query"])
        if not match or match["label"] != name:
            yield f"{name} does not ask for its own label's values"
            continue
        found = _parsed(Query(dashboard["uid"], name, "A", match["selector"], "variable"))
        expected = {"job": frozenset(), "instance": frozenset({'job=~".+"'})}.get(name, SCOPE)
        if found is None or not expected <= found[0].matchers:
            yield f"{name} is not limited by the variables before it"


def every_variable_is_used(dashboard: Dashboard) -> Iterator[str]:
    """A variable that changes nothing confuses."""
    queries = [query.expr for query in (*panel_queries(dashboard), *annotation_queries(dashboard))]
    sources = [variable.get("query", "") for variable in variables(dashboard).values()]
    used = {match[1] for text in (*queries, *sources) for match in VARIABLE.finditer(text)}
    yield from (f"{name} is not used" for name in variables(dashboard).keys() - used - {"datasource"})


def panel_datasource(dashboard: Dashboard) -> Iterator[str]:
    """Panels and annotations ask the chosen data source."""
    for panel in panels(dashboard):
        places = [panel, *panel.get("targets", ())]
        if {place.get("datasource", {}).get("uid") for place in places} != {"${datasource}"}:
            yield f"{panel['title']} asks another data source"
    for annotation in dashboard["annotations"]["list"]:
        if annotation["datasource"]["uid"] != "${datasource}":
            yield f"{annotation['name']} asks another data source"


def panel_title_description(dashboard: Dashboard) -> Iterator[str]:
    """A title, and a sentence that says what is seen."""
    for panel in panels(dashboard):
        if not panel.get("title"):
            yield f"panel {panel['id']} has no title"
        if not panel.get("description", "").endswith("."):
            yield f"{panel.get('title')} has no sentence that describes it"
    titles = [(panel["title"], panel["type"]) for panel in dashboard["panels"]]
    yield from (f"two panels are called {title}" for title in set(titles) if titles.count(title) > 1)


def panel_units(dashboard: Dashboard) -> Iterator[str]:
    """A number has a unit."""
    for panel in panels(dashboard):
        if panel.get("fieldConfig", {}).get("defaults", {}).get("unit") not in UNITS:
            yield f"{panel['title']} has no unit"


def panel_targets(dashboard: Dashboard) -> Iterator[str]:
    """A panel asks something, each question under a name of its own."""
    for panel in panels(dashboard):
        refs = [target["refId"] for target in panel.get("targets", ())]
        if not refs or len(set(refs)) != len(refs):
            yield f"{panel['title']} has no targets, or two of one name"


def legends(dashboard: Dashboard) -> Iterator[str]:
    """Lines, bars and states have names that are written for people."""
    for query in panel_queries(dashboard):
        if query.kind in {"timeseries", "bargauge", "state-timeline"} and (not query.legend or "__" in query.legend):
            yield f"{query} has no name for its series"


def target_promql(dashboard: Dashboard) -> Iterator[str]:
    """Every query parses."""
    for query in (*panel_queries(dashboard), *annotation_queries(dashboard)):
        if _parsed(query) is None:
            yield f"{query} does not parse"


def target_scope(dashboard: Dashboard) -> Iterator[str]:
    """Every selector is limited to the chosen jobs and instances."""
    for query, selector in _selectors(dashboard):
        if not selector.matchers >= SCOPE:
            yield f"{query} asks for {selector.family} of all jobs and instances"


def target_rate_interval(dashboard: Dashboard) -> Iterator[str]:
    """Rates are over as many scrapes as Grafana finds necessary; a sum of growth is over the whole time range."""
    for query, selector in _selectors(dashboard):
        if selector.functions[:1] in {("rate",), ("irate",)} and selector.window != RATE_WINDOW:
            yield f"{query} has a rate of {selector.family} over {selector.window}"
        if selector.functions[:1] == ("increase",) and selector.window != RANGE_WINDOW:
            yield f"{query} has a growth of {selector.family} over {selector.window}"


def target_counters(dashboard: Dashboard) -> Iterator[str]:
    """A counter is only asked how fast or by how much it grows."""
    for query, selector in _selectors(dashboard):
        if selector.family.endswith("_total") and selector.functions[:1] not in {("rate",), ("irate",), ("increase",)}:
            yield f"{query} shows {selector.family} itself"


def uneditable(dashboard: Dashboard) -> Iterator[str]:
    """What is generated is not edited by hand; it is read again no faster than it is scraped."""
    if dashboard["editable"] is not False:
        yield "it can be edited"
    if dashboard["refresh"] != f"{REFRESH_SECONDS}s":
        yield f"it is not refreshed each {REFRESH_SECONDS} s"
    if "dockernet" not in dashboard["tags"] or "id" in dashboard or not dashboard["description"]:
        yield "it lacks its tag or description, or has the id of a server"


def grid(dashboard: Dashboard) -> Iterator[str]:
    """Panels stand beside each other, each with its own id."""
    ids = [panel["id"] for panel in dashboard["panels"]]
    yield from (f"two panels have the id {number}" for number in set(ids) if ids.count(number) > 1)
    places = [(panel["title"], panel["gridPos"]) for panel in dashboard["panels"]]
    for title, place in places:
        if place["x"] < 0 or place["w"] < 1 or place["x"] + place["w"] > WIDTH:
            yield f"{title} is too wide"
    for (title, one), (other, two) in combinations(places, 2):
        across = one["x"] < two["x"] + two["w"] and two["x"] < one["x"] + one["w"]
        down = one["y"] < two["y"] + two["h"] and two["y"] < one["y"] + one["h"]
        if across and down:
            yield f"{title} and {other} overlap"


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        template_datasource,
        template_labels,
        template_queries,
        every_variable_is_used,
        panel_datasource,
        panel_title_description,
        panel_units,
        panel_targets,
        legends,
        target_promql,
        target_scope,
        target_rate_interval,
        target_counters,
        uneditable,
        grid,
    )
}


def _parsed(query: Query) -> list[Selector] | None:
    try:
        return selectors(query.expanded(MARKED))
    except ValueError:
        return None


def _selectors(dashboard: Dashboard) -> Iterator[tuple[Query, Selector]]:
    for query in (*panel_queries(dashboard), *annotation_queries(dashboard)):
        yield from ((query, selector) for selector in _parsed(query) or ())
