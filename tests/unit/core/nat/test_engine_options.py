"""What proves that the engine writes rules, or that it does not."""

from dataclasses import replace

import pytest

from exporter.core.model.container_details import Details
from exporter.core.nat.engine_options import EngineOptions, writes_rules
from tests.support.builders import ENGINE, inventory, run, stop

ON, OFF = EngineOptions(), EngineOptions(iptables=False)


@pytest.mark.parametrize(
    ("driver", "options", "writes"),
    [
        ("iptables", None, True),
        ("nftables", OFF, True),
        ("none", ON, False),
        ("", ON, True),
        ("", OFF, False),
        ("", None, None),
    ],
)
def test_the_engines_word_goes_before_its_options(
    driver: str,
    options: EngineOptions | None,
    writes: bool | None,  # noqa: FBT001
) -> None:
    found = replace(inventory(), engine=replace(ENGINE, firewall_driver=driver))
    assert writes_rules(found, options) is writes


def test_a_start_that_failed_for_its_rules_proves_that_they_are_written() -> None:
    failed = replace(stop(run("web")), details=Details(error="(iptables failed: iptables --wait -t nat ...)"))
    assert writes_rules(replace(inventory(failed), engine=replace(ENGINE, firewall_driver="")), None) is True
