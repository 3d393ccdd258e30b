"""Networks on a device of the host: their endpoints have no veth, and are counted as the container counts them."""

import pytest

from tests.virtual_machine.containers import address, counted, counters, eventually, fetch, offer, run
from tests.virtual_machine.machine import Machine

SIZE = 5_000_000
SUBNET = "--subnet 198.51.100.0/24 --gateway 198.51.100.254"
LAYER_3 = "--subnet 198.51.100.0/24 --opt ipvlan_mode=l3"
# Docker makes eth0.55, a VLAN of eth0.
NETWORKS = {
    "ipvlan-l2": f"--driver ipvlan --opt parent=eth0 --opt ipvlan_mode=l2 {SUBNET}",
    "ipvlan-l3": f"--driver ipvlan --opt parent=eth0 {LAYER_3}",
    "macvlan-vlan": f"--driver macvlan --opt parent=eth0.55 {SUBNET}",
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_bytes_of_two_containers_are_those_inside(machine: Machine, kind: str) -> None:
    machine.shell(f"docker network create {NETWORKS[kind]} lan")
    for name in ("one", "two"):
        run(machine, name, "--network lan")
    offer(machine, "two", SIZE)
    fetch(machine, "one", address(machine, "two", "lan"), SIZE)
    for name in ("one", "two"):
        counted(machine, name, "lan", "eth0")
    both = [counters(machine, name, "eth0")["receive_bytes"] or 0 for name in ("one", "two")]
    assert both[0] > SIZE
    total = eventually(
        machine, lambda m: m.value("dockernet_network_receive_bytes_total", network="lan") == sum(both), f"{sum(both)}"
    )
    assert total.label("dockernet_endpoint_info", "interface", container="one", network="lan") == "eth0"
    assert total.label("dockernet_endpoint_info", "veth", container="one", network="lan") == ""
