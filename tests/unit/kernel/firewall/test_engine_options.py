"""Whether dockerd was told to write no rules."""

import pytest

from exporter.kernel.firewall.engine_options import parse_engine_options


@pytest.mark.parametrize(
    ("command", "configuration", "iptables"),
    [
        ("dockerd", {}, True),
        ("dockerd --iptables=false", {}, False),
        ("dockerd --iptables=0 -H unix:///x", {}, False),
        ("dockerd --iptables", {}, True),
        ("dockerd --iptables=true", {}, True),
        ("dockerd --ip6tables=false", {}, True),
        ("dockerd", {"iptables": False}, False),
        ("dockerd", {"iptables": True, "ip6tables": False}, True),
        ("dockerd", [], True),
    ],
)
def test_rules_are_off_by_flag_or_by_file(command: str, configuration: object, iptables: bool) -> None:  # noqa: FBT001
    assert parse_engine_options(command.split(), configuration).iptables is iptables
