"""Out of the host: the source address, the uplink, and what lies beyond."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.device_filters import DeviceFilter
from tests.support.nat_hosts import NEW, OLD, OWN_TABLES, Host
from tests.support.reach_hosts import ReachHost

OUT = "198.51.100.1"
POSTROUTING = ("ip", "nat", "POSTROUTING")
RAW = ("ip", "raw", "PREROUTING")
EVERY_KIND = pytest.mark.parametrize("rules", [OLD, NEW, OWN_TABLES], ids=str)


@EVERY_KIND
def test_the_internet_is_reachable_as_far_as_the_host_goes(rules: Host, sentence: Any) -> None:
    path = ReachHost(rules).path("198.51.100.1")
    assert [(s.name, s.state) for s in path.steps] == [
        (name, "ok") for name in ("route", "filter", "masquerade", "outside")
    ]
    assert (path.verdict, path.port) == ("reachable", 443)
    assert all(step.detail == sentence for step in path.steps)


CASES: dict[str, tuple[ReachHost, str, list[tuple[str, str, str]]]] = {
    "no rule translates": (
        ReachHost(OLD.without(POSTROUTING, "-s 172.18.0.0/16 -j MASQUERADE")), "client",
        [("masquerade", "failed", "masquerade_missing")],
    ),
    "no masquerading by option": (ReachHost(OLD), "mute", [("masquerade", "unknown", "masquerade_off")]),
    "no rule translates, and the answer is dropped": (
        ReachHost(
            NEW.without(POSTROUTING, "-s 172.18.0.0/16 -j MASQUERADE").inserted(RAW, "-d 172.18.0.3 -j DROP")
        ), "client", [("masquerade", "failed", "masquerade_missing")],
    ),
    "source NAT to an address of the uplink's network that the host lacks": (
        ReachHost(OLD.inserted(POSTROUTING, "-s 172.18.0.0/16 -o eth0 -j SNAT --to-source 192.0.2.99")), "client",
        [("masquerade", "failed", "source_lacked")],
    ),
    "source NAT to an address that may be routed to the host": (
        ReachHost(OLD.inserted(POSTROUTING, "-s 172.18.0.0/16 -o eth0 -j SNAT --to-source 203.0.113.9")), "client",
        [("masquerade", "unknown", "source_lacked")],
    ),
    "perhaps translated": (
        ReachHost(
            OLD.without(POSTROUTING, "-s 172.18.0.0/16 -j MASQUERADE")
            .inserted(POSTROUTING, "-m string --string x -j MASQUERADE")
        ), "client", [("filter", "unknown", "rule_not_understood")],
    ),
    "uplink down": (ReachHost(OLD).device("", "eth0", up=False), "client", [("outside", "failed", "uplink_down")]),
    "uplink without carrier": (
        ReachHost(OLD).device("", "eth0", carrier=False), "client", [("outside", "failed", "uplink_down")]
    ),
    "filter at the uplink": (
        ReachHost(OLD).view("", filters=(DeviceFilter(2, "egress", "tc filter u32"),)), "client",
        [("outside", "unknown", "rule_not_understood")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("host", "source", "faults"), CASES.values(), ids=CASES)
def test_a_fault_on_the_way_out(
    host: ReachHost, source: str, faults: list[tuple[str, str, str]], sentence: Any
) -> None:
    assert host.faults(OUT, source) == faults
    [step] = [s for s in host.path(OUT, source).steps if s.state != "ok"]
    assert (step.detail, step.remedy) == (sentence, sentence)


def test_an_answer_to_an_untranslated_address_may_be_dropped() -> None:
    host = ReachHost(NEW.inserted(RAW, "-d 172.20.0.2 -j DROP"))
    assert host.faults(OUT, "mute") == [("masquerade", "unknown", "masquerade_off"), ("filter", "failed", "drop_rule")]


def test_snat_is_a_translation_too() -> None:
    snat = OLD.without(POSTROUTING, "-s 172.18.0.0/16 -j MASQUERADE")
    snat = snat.inserted(POSTROUTING, "-s 172.18.0.0/16 -o eth0 -j SNAT --to-source 192.0.2.10")
    assert ReachHost(snat).faults(OUT) == []


def test_the_network_is_compared_by_its_id() -> None:
    """The rules may have been read with an older inventory."""
    host = ReachHost(OLD.without(POSTROUTING, "-s 172.18.0.0/16 -j MASQUERADE"))
    old = host.rules.expected()
    copies = tuple(replace(one, network=replace(one.network)) for one in old.networks)
    host.nat = {"expected": replace(old, networks=copies)}
    assert host.faults(OUT) == [("masquerade", "failed", "masquerade_missing")]
