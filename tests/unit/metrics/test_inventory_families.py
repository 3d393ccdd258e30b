"""What exists, as text: containers, networks, endpoints, bridges, uplinks."""

import pytest
from msgspec.structs import replace

from exporter.config import COLLECTORS
from exporter.core.model.docker import Container, Network, Subnet
from exporter.core.topology.topology import Topology, join
from exporter.metrics.exposition import Exposition
from exporter.metrics.inventory import label_name
from tests.support.builders import connect, devices, inventory, network, observed, run, shop, stop
from tests.support.families import exposed, section, values

COMPOSE = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}


def text(*things: Container | Network) -> str:
    return exposed(observed(join(inventory(*things), devices())))


def labelled(topology: Topology, *labels: str) -> list[dict[str, str]]:
    """The label_* labels of each container."""
    shown = Exposition(COLLECTORS, labels, own_metrics=False).render(observed(topology)).decode()
    series = [dict(key) for name, key in values(shown) if name == "dockernet_container_info"]
    return [{name: value for name, value in one.items() if name.startswith("label_")} for one in series]


def test_a_container_is_told_with_its_image_its_network_and_its_place_in_compose() -> None:
    web = run("web", network="front", image="nginx:1.29", labels=COMPOSE)
    assert section(text(web), "dockernet_container_info") == (
        "# TYPE dockernet_container_info gauge\n"
        'dockernet_container_info{compose_project="shop",compose_service="web",container="web",container_id="web-id",'
        'image="nginx:1.29",network_mode="front",network_owner=""} 1.0\n'
    )


def test_the_modes_of_containers_are_docker_s_words_and_a_sharer_names_its_owner() -> None:
    series = [dict(key) for name, key in values(exposed(observed(shop()))) if name == "dockernet_container_info"]
    assert {one["container"]: (one["network_mode"], one["network_owner"]) for one in series} == {
        "web": ("front", ""),
        "db": ("back", ""),
        "sharer": ("container", "web"),
        "monitoring": ("host", ""),
        "idle": ("none", ""),
    }


def test_a_network_mode_that_is_an_id_is_told_by_its_name() -> None:
    assert 'network_mode="front"' in text(replace(run("web"), network_mode="front-net"), network("front"))


def test_only_containers_with_a_process_are_told() -> None:
    shown = text(stop(run("dead")), replace(run("restarting"), state="restarting"), run("web"))
    assert section(shown, "dockernet_container_info").count("container=") == 1


def test_a_network_is_told_with_its_device_mtu_and_members() -> None:
    web = run("web", network="front")
    front = network("front", subnet="172.18.0.0/16", gateway="172.18.0.1", mtu=1400)
    shown = text(web, connect(run("db", network="front"), "back"), stop(run("dead", network="front")), front)
    assert section(
        shown,
        "dockernet_network_info",
        "dockernet_network_endpoints",
        "dockernet_network_mtu_bytes",
        "dockernet_network_subnet_info",
    ) == (
        "# TYPE dockernet_network_info gauge\n"
        'dockernet_network_info{bridge="br-front",driver="bridge",internal="false",ipv6="false",network="front",'
        'network_id="front-net",scope="local"} 1.0\n'
        "# TYPE dockernet_network_endpoints gauge\n"
        'dockernet_network_endpoints{network="front"} 2.0\n'
        "# TYPE dockernet_network_mtu_bytes gauge\n"
        'dockernet_network_mtu_bytes{network="front"} 1400.0\n'
        "# TYPE dockernet_network_subnet_info gauge\n"
        'dockernet_network_subnet_info{gateway="172.18.0.1",network="front",subnet="172.18.0.0/16"} 1.0\n'
    )


def test_a_bridge_network_without_the_option_has_dockers_default_mtu_and_another_driver_none() -> None:
    shown = text(network("front"), network("lan", driver="macvlan"))
    assert section(shown, "dockernet_network_mtu_bytes") == (
        '# TYPE dockernet_network_mtu_bytes gauge\ndockernet_network_mtu_bytes{network="front"} 1500.0\n'
    )


def test_a_subnet_without_a_gateway_has_an_empty_one() -> None:
    both = replace(network("front"), subnets=(Subnet("172.18.0.0/16", "172.18.0.1"), Subnet("fd00::/64")))
    assert section(text(both), "dockernet_network_subnet_info") == (
        "# TYPE dockernet_network_subnet_info gauge\n"
        'dockernet_network_subnet_info{gateway="172.18.0.1",network="front",subnet="172.18.0.0/16"} 1.0\n'
        'dockernet_network_subnet_info{gateway="",network="front",subnet="fd00::/64"} 1.0\n'
    )


def test_an_endpoint_is_told_with_both_ends_of_its_veth() -> None:
    assert section(exposed(observed(shop())), "dockernet_endpoint_info").splitlines()[-1] == (
        'dockernet_endpoint_info{container="web",endpoint_id="web-front-endpoint",interface="eth0",'
        'ip6_address="",ip_address="172.18.0.2",mac_address="02:42:ac:12:00:02",network="front",'
        'veth="veth-web-front"} 1.0'
    )


def test_bridges_and_uplinks_are_told() -> None:
    shown = section(
        exposed(observed(shop())), "dockernet_bridge_ports", "dockernet_uplink_info", "dockernet_uplink_mtu_bytes"
    )
    assert shown == (
        "# TYPE dockernet_bridge_ports gauge\n"
        'dockernet_bridge_ports{bridge="br-back",network="back"} 2.0\n'
        'dockernet_bridge_ports{bridge="br-front",network="front"} 1.0\n'
        "# TYPE dockernet_uplink_info gauge\n"
        'dockernet_uplink_info{address="192.0.2.10",device="eth0"} 1.0\n'
        'dockernet_uplink_info{address="2001:db8::10",device="eth0"} 1.0\n'
        "# TYPE dockernet_uplink_mtu_bytes gauge\n"
        'dockernet_uplink_mtu_bytes{device="eth0"} 1500.0\n'
    )


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("team", "label_team"),
        ("com.example/team", "label_com_example_team"),
        ("with-dash", "label_with_dash"),
        ("ünïcödé", "label__n_c_d_"),
        ("1st", "label_1st"),
        ('quo"te\n', "label_quo_te_"),
    ],
)
def test_a_container_label_becomes_a_valid_name(label: str, name: str) -> None:
    assert label_name(label) == name
    topology = join(inventory(run("web", labels={label: "yes"})), devices())
    assert labelled(topology, label) == [{name: "yes"}]


def test_only_the_allowed_labels_are_shown_and_a_missing_one_is_empty() -> None:
    topology = join(inventory(run("web", labels={"team": "blue", "secret": "x"}), run("db")), devices())
    assert labelled(topology, "team") == [{"label_team": ""}, {"label_team": "blue"}]
    assert labelled(topology) == [{}, {}]


def test_of_two_labels_that_become_one_name_the_one_that_is_there_is_shown() -> None:
    topology = join(inventory(run("web", labels={"my.team": "blue"})), devices())
    assert labelled(topology, "my.team", "my-team") == [{"label_my_team": "blue"}]
