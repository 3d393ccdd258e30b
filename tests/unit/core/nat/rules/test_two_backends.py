"""Docker's rules on both sides of iptables."""

from typing import Any

import pytest

from exporter.core.nat.reading import NatReading
from exporter.core.nat.rules.two_backends import KIND, check
from exporter.core.nat.ruleset import Ruleset
from tests.support.nat_hosts import OLD, Host, drift, hosts, subject
from tests.support.saved_rules import ruleset

FOREIGN = ruleset("*nat\n:PREROUTING ACCEPT\n-A PREROUTING -j ACCEPT\nCOMMIT")


@pytest.mark.parametrize("host", hosts(), ids=str)
def test_rules_on_both_sides_are_told(host: Host, sentence: Any) -> None:
    both = host.scene(reading=NatReading(nft=host.rules, legacy=OLD.rules))
    assert list(check(both)) == [drift(KIND, "warning", subject(family="", chain="DOCKER"), sentence)]


@pytest.mark.parametrize(
    "reading",
    [
        NatReading(nft=OLD.rules),
        NatReading(legacy=OLD.rules),
        NatReading(nft=OLD.rules, legacy=FOREIGN),
        NatReading(nft=FOREIGN, legacy=OLD.rules),
        NatReading(nft=OLD.rules, legacy=Ruleset()),
        NatReading(),
    ],
    ids=["nft", "legacy", "legacy of others", "nft of others", "legacy empty", "nothing"],
)
def test_rules_of_others_on_the_other_side_are_none_of_dockers(reading: NatReading) -> None:
    assert list(check(OLD.scene(reading=reading))) == []
