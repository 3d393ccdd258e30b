"""What `explain PORT` adds to a path whose other steps are decided."""

from exporter.core.explain.path import OK, Explanation, Path, Step
from exporter.core.reach.servers_end import with_servers_end
from tests.support.reach_hosts import ReachHost


def added(host: ReachHost, *, state: str = OK, addresses: tuple[str, ...] = ("0.0.0.0",)) -> list[tuple[str, str, str]]:
    """The steps behind the one that is there already, of port 8080 of web."""
    step = Step("published", state, "published", "" if state == OK else "port_held")
    path = Path("tcp", addresses, 8080, "web", 80, (step,))
    [found] = with_servers_end(Explanation("8080", (path,)), host.observation(), host._visit).paths
    return [(one.name, one.state, one.code) for one in found.steps[1:]]
