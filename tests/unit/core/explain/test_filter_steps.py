"""What may drop packets beside the rules of netfilter: programs at devices and IPsec policies."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.explain.explain import explain
from exporter.core.explain.path import OK, REACHABLE, ROUTE, UNDETERMINED, UNKNOWN, Step
from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.ipsec import IpsecPolicy
from exporter.core.model.kernel_sample import Degraded
from exporter.core.observation import Observation
from tests.support.explained_hosts import observation_of
from tests.support.nat_hosts import OLD


def with_program(device: str) -> Observation:
    taken = observation_of(OLD)
    [ifindex] = [link.ifindex for link in taken.topology.devices.links.values() if link.name == device]
    return replace(taken, filters=(DeviceFilter(ifindex, "ingress", "XDP program"),))


@pytest.mark.parametrize("device", ["eth0", "br-front", "veth-web"])
def test_a_filter_at_a_device_of_the_path_makes_it_undetermined_and_is_named(device: str, sentence: Any) -> None:
    [path] = explain(with_program(device), "8080").paths
    [step] = [step for step in path.steps if step.state != OK]
    assert path.verdict == UNDETERMINED
    assert step == Step(ROUTE, UNKNOWN, sentence, "rule_not_understood")
    assert device in step.detail


@pytest.mark.parametrize("device", ["docker0", "veth-db"])
def test_a_filter_at_another_device_changes_nothing(device: str) -> None:
    assert explain(with_program(device), "8080").verdict == REACHABLE


def test_filters_that_could_not_be_read_are_unknown() -> None:
    [path] = explain(replace(observation_of(OLD), filters=None), "8080").paths
    assert [(step.state, step.code) for step in path.steps if step.state != OK] == [(UNKNOWN, "route_unknown")]


def with_policy(source: str, destination: str) -> Observation:
    return replace(observation_of(OLD), ipsec=(IpsecPolicy("fwd", source, destination, "block"),))


@pytest.mark.parametrize(("source", "to"), [("0.0.0.0/0", "172.18.0.0/16"), ("172.18.0.2/32", "8.0.0.0/8")])
def test_an_ipsec_policy_about_the_container_makes_it_undetermined(source: str, to: str, sentence: Any) -> None:
    [path] = explain(with_policy(source, to), "8080").paths
    [step] = [step for step in path.steps if step.state != OK]
    assert step == Step(ROUTE, UNKNOWN, sentence, "rule_not_understood")


def test_an_ipsec_policy_about_other_networks_is_left_out_and_unread_ones_are_named(sentence: Any) -> None:
    for source, to in (("192.0.2.0/24", "10.200.0.0/16"), ("10.200.0.0/16", "172.18.0.0/16"), ("::/0", "fd99::/16")):
        assert explain(with_policy(source, to), "8080").verdict == REACHABLE
    [path] = explain(replace(observation_of(OLD), ipsec=None), "8080").paths
    assert [step for step in path.steps if step.state != OK] == [Step(ROUTE, UNKNOWN, sentence, "route_unknown")]


def test_ipsec_policies_that_need_a_privilege_name_it() -> None:
    missing = (Degraded("nat", "no_net_admin", "grant CAP_NET_ADMIN"),)
    [path] = explain(replace(observation_of(OLD), ipsec=None, degraded=missing), "8080").paths
    detail = "IPsec policies of the host could not be read (needs CAP_NET_ADMIN)"
    assert Step(ROUTE, UNKNOWN, detail, "privilege_missing") in path.steps
