"""What exists on the made-up hosts: containers, endpoints, networks, uplinks, engines."""

import zlib

from grafana.preview.fleet import ATTACHMENTS, ELSEWHERE, ENGINES, NETWORKS, UPLINKS, Attachment, project
from grafana.preview.history import ALWAYS, History, Period, during, once
from grafana.preview.incidents import ENGINE_AWAY

# The database was recreated, and came back with another address.
RECREATED, RECREATED_HOURS = "shop-db-1", 1.35
ENGINE_LABELS = ("name", "version", "api_version", "kernel", "cgroup_version", "firewall_backend", "userland_proxy")


def fill(history: History) -> None:
    """All of it."""
    for host in ENGINES:
        engine(history, host)
    for host, container, mode, owner in ELSEWHERE:
        _container(history, host, container, mode, owner)
    first = {(a.host, a.container): a.network for a in reversed(ATTACHMENTS)}
    for (host, container), network in first.items():
        _container(history, host, container, network, "")
    for attachment in ATTACHMENTS:
        _endpoint(history, attachment)
    for host, network in NETWORKS:
        _network(history, host, network)
        _addresses(history, host, network)


def engine(history: History, host: str) -> None:
    """The engine, its uplink and its address pools."""
    history.gauge("dockernet_engine_info", host, dict(zip(ENGINE_LABELS, ENGINES[host], strict=True)))
    there = during(ENGINE_AWAY if host == "edge-1" else (0, 0), 0, 1)
    history.gauge("dockernet_up", host, {}, there)
    history.gauge("dockernet_engine_event_stream_connected", host, {}, there)
    for state, count in (("used", 4), ("available", 27 if host != "edge-1" else 2)):
        history.gauge("dockernet_address_pool_subnets", host, {"state": state}, count)
    device, address = UPLINKS[host]
    history.gauge("dockernet_uplink_info", host, {"device": device, "address": address})
    history.gauge("dockernet_uplink_mtu_bytes", host, {"device": device}, 1500)


def on(host: str, network: str) -> list[Attachment]:
    """Who is on a network."""
    return [attachment for attachment in ATTACHMENTS if (attachment.host, attachment.network) == (host, network)]


def _container(history: History, host: str, container: str, mode: str, owner: str) -> None:
    compose_project, service = project(container)
    labels = {
        "container": container,
        "container_id": _made_up_id(container),
        "image": f"{service or container}:stable",
        "network_mode": mode,
        "network_owner": owner,
        "compose_project": compose_project,
        "compose_service": service,
    }
    history.gauge("dockernet_container_info", host, labels)


def _endpoint(history: History, attachment: Attachment) -> None:
    changes = once(RECREATED_HOURS) if attachment.container == RECREATED else 0
    labels = {"container": attachment.container, "network": attachment.network}
    history.counter("dockernet_endpoint_address_changes_total", attachment.host, labels, changes)
    number = ATTACHMENTS.index(attachment) + 2
    if attachment.container == RECREATED:
        _life(history, attachment, number, (ALWAYS[0], RECREATED_HOURS + 0.01))
        _life(history, attachment, number + 40, (RECREATED_HOURS, 0))
    else:
        _life(history, attachment, number, ALWAYS)


def _life(history: History, attachment: Attachment, number: int, lived: Period) -> None:
    network = NETWORKS[attachment.host, attachment.network]
    unique = _made_up_id(f"{attachment.container}{attachment.network}{number}")
    labels = {
        "container": attachment.container,
        "network": attachment.network,
        "interface": "eth1" if attachment.network == "shop_back" else "eth0",
        "veth": f"veth{unique[-7:]}" if network.driver == "bridge" else "",
        "mac_address": f"02:42:ac:12:00:{number:02x}",
        "ip_address": f"{network.subnet.rpartition('.')[0]}.{number}",
        "ip6_address": f"fd00:18::{number:x}" if attachment.network == "edge_default" else "",
        "endpoint_id": unique,
    }
    history.gauge("dockernet_endpoint_info", attachment.host, labels, 1, lived)


def _network(history: History, host: str, name: str) -> None:
    network, of = NETWORKS[host, name], {"network": name}
    scope = "swarm" if network.driver == "overlay" else "local"
    labels = {"network_id": _made_up_id(name), "driver": network.driver, "scope": scope, "bridge": network.bridge}
    history.gauge("dockernet_network_info", host, of | labels | {"internal": network.internal, "ipv6": "false"})
    members = len(on(host, name))
    history.gauge("dockernet_network_endpoints", host, of, members)
    if network.driver == "bridge":
        history.gauge("dockernet_network_mtu_bytes", host, of, network.mtu)
        device = of | {"bridge": network.bridge}
        history.gauge("dockernet_bridge_ports", host, device, members)
        history.gauge("dockernet_bridge_fdb_entries", host, device, during((1.5, 0), members + 1, members))
    if network.driver == "overlay":
        history.gauge("dockernet_overlay_peers", host, of, during((1.9, 1.7), 2, 3))


def _addresses(history: History, host: str, name: str) -> None:
    network = NETWORKS[host, name]
    of = {"network": name, "subnet": network.subnet}
    gateway = network.subnet.rpartition(".")[0] + ".1"
    history.gauge("dockernet_network_subnet_info", host, of | {"gateway": gateway})
    if network.driver != "overlay":
        used = network.addresses - 2 if name == "ci_default" else len(on(host, name)) + 1
        history.gauge("dockernet_network_addresses", host, of | {"state": "used"}, used)
        history.gauge("dockernet_network_addresses", host, of | {"state": "available"}, network.addresses - used)


def _made_up_id(name: str) -> str:
    return f"{zlib.crc32(name.encode()):08x}{zlib.adler32(name.encode()):08x}"[:12]
