"""IPsec policies of a namespace of the test's own."""

import pytest

from exporter.core.model.ipsec import IpsecPolicy
from exporter.kernel.links.ipsec_policies import read_ipsec_policies
from tests.support.kernel.own_namespace import ip

pytestmark = pytest.mark.usefixtures("namespace")
TUNNEL = "tmpl src 192.0.2.10 dst 192.0.2.99 proto esp mode tunnel"


def test_a_namespace_has_none() -> None:
    assert read_ipsec_policies() == ()


def test_policies_of_all_directions_are_read() -> None:
    ip(f"xfrm policy add src 10.200.0.0/16 dst 172.17.0.0/16 dir in {TUNNEL}")
    ip("xfrm policy add src 0.0.0.0/0 dst 172.17.0.0/16 dir fwd action block")
    ip(f"xfrm policy add src 172.17.0.0/16 dst 10.200.0.0/16 dir out {TUNNEL}")
    ip("xfrm policy add src fd00::/8 dst ::/0 dir fwd action block")
    assert set(read_ipsec_policies()) == {
        IpsecPolicy("in", "10.200.0.0/16", "172.17.0.0/16", "transform"),
        IpsecPolicy("fwd", "0.0.0.0/0", "172.17.0.0/16", "block"),
        IpsecPolicy("out", "172.17.0.0/16", "10.200.0.0/16", "transform"),
        IpsecPolicy("fwd", "fd00::/8", "::/0", "block"),
    }


def test_what_passes_as_it_is_is_left_out() -> None:
    ip("xfrm policy add src 192.0.2.0/24 dst 192.0.2.0/24 dir fwd action allow")
    assert read_ipsec_policies() == ()
