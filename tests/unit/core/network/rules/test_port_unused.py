"""Published ports to which nothing connects."""

from typing import Any

from exporter.core.connections.context import ConnectionContext
from exporter.core.connections.port_use import PublishedPort
from exporter.core.model.docker import Inventory
from exporter.core.network.rules.port_unused import check
from tests.support.findings import network_finding

DAY = 86400.0
NOW = 1_000_000_000.0


def test_a_port_without_a_connection_for_seven_days_is_found(sentence: Any) -> None:
    unused = {PublishedPort("api", 8080, 80): NOW - 7 * DAY, PublishedPort("web", 80, 80): NOW - 6.9 * DAY}
    found = list(check(ConnectionContext(Inventory(), NOW, unused_since=unused)))
    assert found == [network_finding("port_unused", "info", "", "api:8080", sentence)]
