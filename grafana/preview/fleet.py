"""Three made-up hosts: what runs on them, on which networks, and how much it moves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A network; `addresses` is how many Docker can hand out."""

    driver: str
    bridge: str
    internal: str
    subnet: str
    mtu: int
    addresses: int


NETWORKS = {
    ("shop-1", "bridge"): Network("bridge", "docker0", "false", "172.17.0.0/16", 1500, 65533),
    ("shop-1", "shop_front"): Network("bridge", "br-0f3a21c45d6e", "false", "172.18.0.0/16", 1500, 65533),
    ("shop-1", "shop_back"): Network("bridge", "br-5be1940a7c21", "true", "172.19.0.0/16", 1500, 65533),
    ("shop-1", "monitoring_default"): Network("bridge", "br-9d20c7e61b33", "false", "172.20.0.0/16", 1500, 65533),
    ("edge-1", "edge_default"): Network("bridge", "br-71c6f05ab9e2", "false", "172.18.0.0/16", 1500, 65533),
    ("edge-1", "vpn"): Network("bridge", "br-c40d8812ef57", "false", "10.80.0.0/24", 9000, 253),
    ("edge-1", "iot_lan"): Network("macvlan", "", "false", "192.168.40.0/24", 1500, 253),
    ("build-1", "ci_default"): Network("bridge", "br-2a77b1d904fc", "false", "172.21.0.0/28", 1500, 13),
    ("build-1", "mesh"): Network("overlay", "", "false", "10.0.9.0/24", 1450, 253),
}
UPLINKS = {
    "shop-1": ("enp3s0", "198.51.100.7"),
    "edge-1": ("eth0", "203.0.113.8"),
    "build-1": ("ens18", "192.0.2.31"),
}


@dataclass(frozen=True)
class Attachment:
    """A container on a network, with the bytes per second that it usually receives and sends."""

    host: str
    container: str
    network: str
    receives: float
    sends: float


ATTACHMENTS = [
    Attachment("shop-1", "shop-web-1", "shop_front", 2.1e6, 9.4e6),
    Attachment("shop-1", "shop-web-1", "shop_back", 1.3e6, 4.0e5),
    Attachment("shop-1", "shop-api-1", "shop_front", 3.9e6, 1.2e6),
    Attachment("shop-1", "shop-api-1", "shop_back", 2.6e6, 1.7e6),
    Attachment("shop-1", "shop-db-1", "shop_back", 9.0e5, 3.4e6),
    Attachment("shop-1", "shop-cache-1", "shop_back", 7.0e5, 1.1e6),
    Attachment("shop-1", "prometheus", "monitoring_default", 4.6e5, 6.0e4),
    Attachment("shop-1", "grafana", "monitoring_default", 9.0e4, 1.6e5),
    Attachment("shop-1", "scratch", "bridge", 4.0e3, 2.0e3),
    Attachment("edge-1", "edge-proxy-1", "edge_default", 5.2e6, 6.6e6),
    Attachment("edge-1", "edge-app-1", "edge_default", 2.4e6, 3.1e6),
    Attachment("edge-1", "edge-mqtt-1", "edge_default", 5.0e4, 3.0e4),
    Attachment("edge-1", "vpn-gateway", "vpn", 3.3e6, 2.9e6),
    Attachment("edge-1", "zigbee", "iot_lan", 1.2e4, 2.2e4),
    Attachment("build-1", "ci-runner-1", "ci_default", 3.6e6, 8.0e5),
    Attachment("build-1", "ci-runner-2", "ci_default", 2.2e6, 5.0e5),
    Attachment("build-1", "ci-runner-3", "mesh", 6.0e5, 1.9e6),
    Attachment("build-1", "ci-registry-1", "ci_default", 4.0e5, 5.8e6),
]
# host, container, network mode, whose network
ELSEWHERE = [
    ("shop-1", "metrics-agent", "host", ""),
    ("edge-1", "torrent", "container", "vpn-gateway"),
    ("build-1", "lint", "none", ""),
]
# host, container, protocol, address, port, port inside, scope, connections per second
PUBLISHED = [
    ("shop-1", "shop-web-1", "tcp", "0.0.0.0", "8080", "80", "all", 34.0),
    ("shop-1", "grafana", "tcp", "127.0.0.1", "3000", "3000", "loopback", 0.4),
    ("edge-1", "edge-proxy-1", "tcp", "0.0.0.0", "443", "8443", "all", 61.0),
    ("edge-1", "edge-proxy-1", "tcp", "0.0.0.0", "80", "8080", "all", 9.0),
    ("edge-1", "edge-mqtt-1", "tcp", "192.168.1.20", "1883", "1883", "private", 0.2),
    ("edge-1", "vpn-gateway", "udp", "203.0.113.8", "51820", "51820", "public", 0.1),
    ("build-1", "ci-registry-1", "tcp", "0.0.0.0", "5000", "5000", "all", 2.6),
]
# host, protocol, address, port, owner, kind of owner, scope
LISTENERS = [
    ("shop-1", "tcp", "0.0.0.0", "22", "sshd", "process", "all"),
    ("shop-1", "tcp", "0.0.0.0", "8080", "metrics-agent", "container", "all"),
    ("shop-1", "tcp", "127.0.0.1", "3000", "grafana", "docker-proxy", "loopback"),
    ("shop-1", "tcp", "0.0.0.0", "9714", "dockernet-exporter", "process", "all"),
    ("edge-1", "tcp", "0.0.0.0", "443", "edge-proxy-1", "docker-proxy", "all"),
    ("edge-1", "tcp", "0.0.0.0", "80", "edge-proxy-1", "docker-proxy", "all"),
    ("edge-1", "tcp", "192.168.1.20", "1883", "edge-mqtt-1", "docker-proxy", "private"),
    ("edge-1", "udp", "203.0.113.8", "51820", "vpn-gateway", "docker-proxy", "public"),
    ("build-1", "tcp", "0.0.0.0", "5000", "ci-registry-1", "docker-proxy", "all"),
    ("build-1", "tcp", "0.0.0.0", "2377", "dockerd", "engine", "all"),
]
# host: name, Docker, API, kernel, cgroups, firewall, userland proxy
ENGINES = {
    "shop-1": ("shop-1", "28.5.2", "1.51", "6.12.48", "2", "iptables-legacy", "true"),
    "edge-1": ("edge-1", "26.1.5", "1.45", "6.1.140", "2", "iptables-nft", "true"),
    "build-1": ("build-1", "29.7.2", "1.55", "6.12.48", "2", "nftables", "false"),
}


def project(container: str) -> tuple[str, str]:
    """Compose project and service, by the way compose calls its containers."""
    parts = container.split("-")
    return (parts[0], parts[1]) if len(parts) == 3 else ("", "")  # noqa: PLR2004  PROJECT-SERVICE-NUMBER
