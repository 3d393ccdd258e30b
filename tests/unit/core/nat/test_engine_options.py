"""What proves that the engine writes rules, or that it does not."""

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details
from exporter.core.nat.engine_options import EngineOptions, writes_rules
from exporter.core.nat.ruleset import IP6
from tests.support.builders import ENGINE, inventory, run, stop

ON, OFF = EngineOptions(), EngineOptions(iptables=False)


@pytest.mark.parametrize(
    ("version", "driver", "options", "writes"),
    [
        ("28.5.2", "iptables", None, (True, None)),
        ("28.5.2", "none", ON, (False, False)),
        ("20.10.24", "", ON, (True, True)),
        ("20.10.24", "", OFF, (False, True)),
        ("20.10.24", "", None, (None, None)),
        ("29.7.2", "nftables", None, (None, None)),
        ("29.7.2", "nftables", OFF, (False, True)),
        ("29.7.2", "iptables", EngineOptions(ip6tables=False), (True, False)),
    ],
)
def test_the_options_go_before_the_backend_that_the_engine_names(
    version: str, driver: str, options: EngineOptions | None, writes: tuple[bool | None, bool | None]
) -> None:
    """From 29 on it names one even where it writes no rules."""
    found = replace(inventory(), engine=replace(ENGINE, firewall_driver=driver, version=version))
    assert (writes_rules(found, options), writes_rules(found, options, IP6)) == writes


def test_a_start_that_failed_for_its_rules_proves_that_they_are_written() -> None:
    failed = replace(stop(run("web")), details=Details(error="(iptables failed: iptables --wait -t nat ...)"))
    assert writes_rules(replace(inventory(failed), engine=replace(ENGINE, firewall_driver="")), None) is True
