"""Routes of a namespace in which each kind of route is made."""

from pathlib import Path

import pytest

from exporter.kernel.links.addresses import read_addresses
from exporter.kernel.links.routes import parse_routes
from tests.support.kernel.own_namespace import ip


@pytest.mark.usefixtures("namespace")
def test_only_routes_that_lead_somewhere_now_are_told() -> None:
    ip("link add va type veth peer name vb")
    for device in ("va", "vb"):
        ip(f"link set {device} up")
    Path("/proc/sys/net/ipv6/conf/va/disable_ipv6").write_text("0")
    ip("address add 192.0.2.10/24 dev va")
    ip("route add 10.1.0.0/16 via 192.0.2.1 metric 50")
    ip("route add 10.2.0.0/16 via 192.0.2.1 table 100")
    ip("route add blackhole 10.3.0.0/16")
    ip("route add unreachable 10.4.0.0/16")
    ip("route add 10.5.0.0/16 via inet6 fe80::1 dev va")
    ip("route add 10.6.0.0/16 nexthop via 192.0.2.1 nexthop via 192.0.2.2")
    _, dumped = read_addresses()
    found = {(str(r.destination), r.gateway, r.metric) for r in parse_routes(dumped) if r.destination.version == 4}
    assert found == {
        ("192.0.2.0/24", "", 0),
        ("10.1.0.0/16", "192.0.2.1", 50),
        ("10.5.0.0/16", "fe80::1", 0),
        ("10.6.0.0/16", "192.0.2.1", 0),
        ("10.6.0.0/16", "192.0.2.2", 0),
    }
