"""Counters as text: whose view, which direction, which labels."""

from exporter.core.model.kernel_sample import Inside, StatsRow
from exporter.core.topology.topology import Topology, join
from tests.support.builders import bridge, device, devices, inventory, network, observed, run, veth
from tests.support.families import exposed, values

# The host's end of web's veth: every counter is another number.
HOST_END: StatsRow = (11, 1, 2, 300, 400, 5, 6, 7, 8)
COUNTERS = ("bytes_total", "packets_total", "errors_total", "packets_dropped_total")


def small() -> Topology:
    return join(
        inventory(run("web", network="front"), network("front")),
        devices(
            device("eth0", 2),
            bridge("br-front", 3),
            veth("veth-web", 11, master=3, nsid=1),
            sandboxes={"web": 1},
            uplinks=("eth0",),
        ),
    )


def counters(text: str, thing: str) -> tuple[set[tuple[tuple[str, str], ...]], list[float]]:
    """The labels of a thing's eight families, and their values: received, then transmitted."""
    found = {name: (labels, value) for (name, labels), value in values(text).items()}
    series = [found[f"dockernet_{thing}_{way}_{what}"] for way in ("receive", "transmit") for what in COUNTERS]
    return {labels for labels, _ in series}, [value for _, value in series]


def test_an_endpoint_receives_what_its_host_end_transmits() -> None:
    text = exposed(observed(small(), HOST_END))
    assert counters(text, "endpoint") == ({(("container", "web"), ("network", "front"))}, [400, 2, 6, 8, 300, 1, 5, 7])


def test_a_network_is_seen_from_its_containers_too() -> None:
    text = exposed(observed(small(), HOST_END))
    assert counters(text, "network") == ({(("network", "front"),)}, [400, 2, 6, 8, 300, 1, 5, 7])


def test_a_veth_is_the_device_as_the_host_counts_it() -> None:
    labels = (("bridge", "br-front"), ("container", "web"), ("network", "front"), ("veth", "veth-web"))
    assert counters(exposed(observed(small(), HOST_END)), "veth") == ({labels}, [300, 1, 5, 7, 400, 2, 6, 8])


def test_a_bridge_and_an_uplink_are_the_device_as_the_host_counts_it() -> None:
    text = exposed(observed(small(), (2, *HOST_END[1:]), (3, *HOST_END[1:])))
    assert counters(text, "bridge") == ({(("bridge", "br-front"), ("network", "front"))}, [300, 1, 5, 7, 400, 2, 6, 8])
    assert counters(text, "uplink") == ({(("device", "eth0"),)}, [300, 1, 5, 7, 400, 2, 6, 8])


def test_what_crosses_a_bridge_and_what_stays_inside_are_the_containers_view() -> None:
    found = values(exposed(observed(small(), (3, 2, 0, 72, 500, 0, 0, 0, 0), (11, 9, 0, 1000, 0, 0, 0, 0, 0))))
    front = (("network", "front"),)
    assert found["dockernet_network_external_receive_bytes_total", front] == 500
    assert found["dockernet_network_external_transmit_bytes_total", front] == 72 + 2 * 14
    assert found["dockernet_network_internal_bytes_total", front] == 900


def test_a_veth_that_is_nobodys_has_an_empty_container_and_no_endpoint() -> None:
    topology = join(inventory(network("front")), devices(bridge("br-front", 3), veth("v", 11, master=3, nsid=9)))
    names = {name: dict(labels) for name, labels in values(exposed(observed(topology, HOST_END)))}
    assert names["dockernet_veth_receive_bytes_total"]["container"] == ""
    assert "dockernet_endpoint_receive_bytes_total" not in names


def test_containers_without_a_network_of_their_own_have_no_traffic() -> None:
    alone = [run("sharer", network="container:web-id"), run("monitoring", network="host"), run("idle", network="none")]
    shown = values(exposed(observed(join(inventory(*alone, network("none", driver="null")), devices()))))
    assert [name for name, _ in shown if "_receive_" in name or "_transmit_" in name] == []


def test_nothing_read_inside_is_an_endpoint_of_the_host() -> None:
    assert small().readings == ()
    assert not any(isinstance(key, Inside) for _, _, key in small().counted)
    assert small().devices.uplinks == ("eth0",)
