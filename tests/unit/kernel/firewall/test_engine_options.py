"""Whether dockerd was told to write no rules."""

import pytest

from exporter.core.nat.engine_options import EngineOptions
from exporter.kernel.firewall.engine_options import parse_engine_options


@pytest.mark.parametrize(
    ("command", "configuration", "iptables", "ip6tables"),
    [
        ("dockerd", {}, True, True),
        ("dockerd --iptables=false", {}, False, True),
        ("dockerd --iptables=0 -H unix:///x", {}, False, True),
        ("dockerd --iptables", {}, True, True),
        ("dockerd --iptables=true", {}, True, True),
        ("dockerd --ip6tables=false", {}, True, False),
        ("dockerd", {"iptables": False}, False, True),
        ("dockerd", {"iptables": True, "ip6tables": False}, True, False),
        ("dockerd", [], True, True),
    ],
)
def test_rules_are_off_by_flag_or_by_file(
    command: str, configuration: object, *, iptables: bool, ip6tables: bool
) -> None:
    expected = EngineOptions(iptables=iptables, ip6tables=ip6tables)
    assert parse_engine_options(command.split(), configuration) == expected
