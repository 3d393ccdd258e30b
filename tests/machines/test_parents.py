"""Networks on a device of the host: their endpoints have no veth, and are counted as the container counts them."""

import pytest

from tests.support.live.exposed import Metrics
from tests.virtual_machine.containers import address, counters, eventually, run, send
from tests.virtual_machine.machine import Machine

SIZE = 5_000_000
SUBNET = "--subnet 198.51.100.0/24 --gateway 198.51.100.254"
LAYER_3 = "--subnet 198.51.100.0/24 --opt ipvlan_mode=l3"
NETWORKS = {
    "ipvlan-l2": ("ipvlan", f"--opt parent=eth0 --opt ipvlan_mode=l2 {SUBNET}"),
    "ipvlan-l3": ("ipvlan", f"--opt parent=eth0 {LAYER_3}"),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_bytes_of_two_containers_are_those_inside(machine: Machine, kind: str) -> None:
    driver, options = NETWORKS[kind]
    machine.shell(f"docker network create --driver {driver} {options} lan")
    for name in ("one", "two"):
        run(machine, name, "--network lan")
    send(machine, "one", "two", address(machine, "two", "lan"), SIZE)
    for name in ("one", "two"):

        def equal(metrics: Metrics, name: str = name) -> bool:
            exposed = metrics.counters("endpoint", container=name, network="lan")
            return exposed == counters(machine, name, "eth0")

        eventually(machine, equal, f"the counters of {name}")
    both = [counters(machine, name, "eth0")["receive_bytes"] or 0 for name in ("one", "two")]
    assert both[0] > SIZE
    total = eventually(
        machine, lambda m: m.value("dockernet_network_receive_bytes_total", network="lan") == sum(both), f"{sum(both)}"
    )
    assert total.label("dockernet_endpoint_info", "interface", container="one", network="lan") == "eth0"
    assert total.label("dockernet_endpoint_info", "veth", container="one", network="lan") == ""
