"""Since when a published port has had no connection."""

import pytest
from msgspec.structs import replace

from exporter.core.connections.pair import ConnectionReport, Pair, PairSums
from exporter.core.connections.port_use import PortUse, PublishedPort
from exporter.core.connections.reading import Living
from tests.support.builders import CREATED, inventory, network, run
from tests.support.connection_rows import publish

API = PublishedPort("api", 8080, 80)
HOST = inventory(network("front"), publish(run("api", network="front"), 8080, 80))
START = CREATED + 1000.0


def since(*pairs: Pair, lost: int = 0, older: bool = True, living: bool = False, changed: float = 50.0) -> float | None:
    """Since when, in seconds after the start, at 100 seconds, after a first reading at the start."""
    use = PortUse()
    before = dict.fromkeys(pairs, PairSums(changed=START + changed)) if changed < 0 else {}
    use.update(ConnectionReport(before, started=START, older_counted=older), HOST, START)
    sums = PairSums(living=Living(int(living)), changed=START + changed)
    report = ConnectionReport(dict.fromkeys(pairs, sums), lost=lost, started=START, older_counted=older)
    found = use.update(report, HOST, START + 100).get(API)
    return None if found is None else found - START


def test_without_connections_it_is_the_first_reading() -> None:
    assert since() == 0
    assert since(Pair("web", "api", "container", "80", "client"), Pair("web", "db", "container", "8080", "client")) == 0


@pytest.mark.parametrize(
    "pair",
    [
        Pair("web", "api", "container", "8080", "client"),
        Pair("", "api", "container", "8080", "client"),
        Pair("web", "", "host", "8080", "client"),
        Pair("api", "", "outside", "80", "server"),
        Pair("web", "", "other", "9", "client"),
        Pair("web", "db", "container", "other", "client"),
    ],
)
def test_whatever_may_be_a_connection_to_it_is_use(pair: Pair) -> None:
    assert since(pair) == 100


def test_a_connection_that_stands_is_use_and_one_of_before_is_not() -> None:
    pair = Pair("api", "", "outside", "80", "server")
    assert since(pair, changed=-50) == 0
    assert since(pair, changed=-50, living=True) == 100


def test_missed_changes_of_state_begin_anew() -> None:
    assert since(lost=1) == 100


def test_where_older_connections_are_not_counted_only_younger_containers_are_known() -> None:
    assert since(older=False) is None
    young = replace(HOST.containers["api-id"], created=START + 1)
    report = ConnectionReport(started=START, older_counted=False)
    assert PortUse().update(report, inventory(network("front"), young), START + 5) == {API: START + 5}
