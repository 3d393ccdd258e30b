"""Which ports of the host DNAT rules take elsewhere."""

import pytest

from exporter.core.nat.expected import Expected
from exporter.core.nat.redirects import redirects
from tests.support.saved_rules import ruleset

ELSEWHERE = "-j DNAT --to-destination 10.88.0.5:80"


def ports(*lines: str) -> list[tuple[str, int, int]]:
    """The protocol and the range of each redirect of rules of the table nat, `CHAIN options`."""
    names = "".join(f":{name} -\n" for name in {line.split()[0] for line in lines} - {"PREROUTING"})
    rules = "".join(f"-A {line}\n" for line in lines)
    found = redirects(ruleset(f"*nat\n:PREROUTING ACCEPT\n{names}{rules}COMMIT"), Expected())
    return [(one.protocol, one.host_port, one.last_host_port) for one in found]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("-p tcp --dport 8080", [("tcp", 8080, 8080)]),
        ("-p tcp --dport 8080:8090", [("tcp", 8080, 8090)]),
        ("-p tcp -m multiport --dports 80,8000:8010", [("tcp", 80, 80), ("tcp", 8000, 8010)]),
        ("-p tcp -m multiport ! --dports 80,8000:8010", []),
        ("-p tcp", []),
        ("-p tcp --dport 8080 -m limit --limit 1/s", []),
    ],
)
def test_each_range_of_ports_is_a_redirect(options: str, found: list[tuple[str, int, int]]) -> None:
    assert ports(f"PREROUTING {options} {ELSEWHERE}") == found


def test_the_port_map_of_cni_is_followed() -> None:
    """The chain of a container is behind the ports of all of its mappings; each rule there has one of them."""
    assert ports(
        "PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
        "CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8312,8313 -j CNI-DN",
        f"CNI-DN -p tcp -m tcp --dport 8312 {ELSEWHERE}",
        f"CNI-DN -p tcp -m tcp --dport 9000 {ELSEWHERE}",
    ) == [("tcp", 8312, 8312)]
