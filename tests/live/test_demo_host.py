"""The ordinary host that the demo shows has nothing wrong."""

import pytest

from deploy.demo import cases
from exporter.core.network.rules import NETWORK_KINDS
from tests.support.live.exposed import Exporter
from tests.support.live.watched import Watched
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

ENDPOINTS = 5  # shop-web-1 has two of them
SEND = 1_000_000


@pytest.fixture
def demo_host(clean_host: PrivateHost) -> PrivateHost:
    cases.make(clean_host)
    return clean_host


def test_the_demos_host_shows_no_finding_however_long_it_stays_as_it_is(demo_host: PrivateHost) -> None:
    with Watched(demo_host) as watched:
        until(lambda: len(watched.topology().counted) == ENDPOINTS, 60, "every veth's owner")
        assert watched.stays() == set()


def test_the_demos_host_shows_a_zero_for_every_kind_while_its_containers_talk(demo_host: PrivateHost) -> None:
    with Exporter(demo_host) as exporter:

        def talked() -> bool:
            metrics = exporter.metrics()
            assert metrics.series("dockernet_network_finding") == []
            assert metrics.series("dockernet_findings_suspended") == []
            found = {labels["kind"]: count for labels, count in metrics.series("dockernet_network_findings")}
            assert found == dict.fromkeys(NETWORK_KINDS, 0)
            return (metrics.value("dockernet_network_internal_bytes_total", network="shop_front") or 0) > SEND

        # of containers that are older than the exporter it takes a moment to look into the namespaces
        until(lambda: not exporter.metrics().series("dockernet_findings_suspended"), 30, "all that is judged")
        until(talked, 60, "steady traffic")
