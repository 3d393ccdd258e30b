"""The hosts whose NAT is recorded: one network of each option that changes rules, and ports in every shape."""

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.image import NAME
from tests.support.private_host.uplink import ADDRESS
from tests.support.waiting import until

LEGACY = "legacy"
SERVE = ["httpd", "-f", "-p", "80"]
BRIDGE = "com.docker.network.bridge."

COMMANDS = f"""\
docker network create --subnet 10.90.1.0/24 front
docker network create --subnet 10.90.2.0/24 --internal closed
docker network create --subnet 10.90.3.0/24 --opt {BRIDGE}enable_icc=false quiet
docker network create --subnet 10.90.4.0/24 --opt {BRIDGE}enable_ip_masquerade=false plain
docker network create --subnet 10.90.5.0/24 --opt {BRIDGE}gateway_mode_ipv4=routed routed
docker network create --subnet 10.90.6.0/24 --opt {BRIDGE}gateway_mode_ipv4=nat-unprotected open
docker network create --subnet 10.90.7.0/24 --opt com.docker.network.host_ipv4={ADDRESS} snat
docker network create --subnet 10.90.8.0/24 --ipv6 --subnet fd00:90:8::/64 dual
docker network create --subnet 10.90.9.0/24 another
docker run -d --name web --network front -p 8080:80 -p 127.0.0.1:8443:80 -p {ADDRESS}:8082:80 -p 8053:53/udp {NAME}
docker run -d --name sharer --network container:web {NAME}
docker run -d --name default -p 8100:80 {NAME}
docker run -d --name on-NETWORK --network NETWORK -p 810N:80 {NAME}      # for each but front and another
docker run -d --name two --network front -p 8120:80 {NAME} && docker network connect another two
docker run -d --name gone --network front -p 8130:80 {NAME} && docker rm -f gone
three connections from outside to 8080, one to 8100
"""


@dataclass(frozen=True)
class Scenario:
    """An engine, the suite that its iptables is from ('' for the system's, LEGACY), and its flags."""

    suite: str
    iptables: str = ""
    flags: tuple[str, ...] = ()


WITHOUT_PROXY = ("--userland-proxy=false",)
SCENARIOS = {
    "docker-20.10": Scenario("bookworm"),
    "docker-20.10-without-proxy": Scenario("bookworm", flags=WITHOUT_PROXY),
    "docker-20.10-legacy": Scenario("bookworm", LEGACY),
    "docker-26.1": Scenario("trixie", "trixie"),
    "docker-28.5": Scenario("sid", "sid"),
    "docker-28.5-without-proxy": Scenario("sid", flags=WITHOUT_PROXY),
}


def run(*argv: str) -> str:
    """Run a command in the calling thread's namespace; what it says."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def legacy_iptables(folder: Path) -> Path:
    """A folder whose iptables is the legacy one."""
    multi = shutil.which("xtables-legacy-multi", path="/usr/sbin:/sbin")
    if multi is None:
        raise RuntimeError("iptables has no legacy program here")
    for family in ("ip", "ip6"):
        for end in ("tables", "tables-save", "tables-restore"):
            (folder / f"{family}{end}").symlink_to(multi)
    return folder


def build(host: PrivateHost) -> None:
    """Do what COMMANDS say, and wait until the host stands still."""
    client = host.client()
    names = _networks(client)
    ports: dict[str, Any] = {"80/tcp": [8080, ("127.0.0.1", 8443), (ADDRESS, 8082)], "53/udp": 8053}
    _serve(client, "web", network="front", ports=ports)
    _serve(client, "sharer", network_mode="container:web")
    _serve(client, "default", ports={"80/tcp": 8100})
    for number, name in enumerate(names, 8101):
        _serve(client, f"on-{name}", network=name, ports={"80/tcp": number})
    client.networks.get("another").connect(_serve(client, "two", network="front", ports={"80/tcp": 8120}))
    _serve(client, "gone", network="front", ports={"80/tcp": 8130}).remove(force=True)
    for port, times in ((8080, 3), (8100, 1)):
        for _ in range(times):
            until(lambda port=port: connects(host, port), 10, f"a connection to {port}")  # type: ignore[misc]


def connects(host: PrivateHost, port: int) -> bool:
    """Connect from outside."""
    busybox = str(tool("busybox"))
    done = host.run(busybox, "sh", "-c", f"echo | {busybox} nc -w 2 {ADDRESS} {port}", outside=True, check=False)
    return done.returncode == 0


def _networks(client: Any) -> list[str]:
    options: dict[str, dict[str, Any]] = {
        "closed": {"internal": True},
        "quiet": {"options": {f"{BRIDGE}enable_icc": "false"}},
        "plain": {"options": {f"{BRIDGE}enable_ip_masquerade": "false"}},
        "routed": {"options": {f"{BRIDGE}gateway_mode_ipv4": "routed"}},
        "open": {"options": {f"{BRIDGE}gateway_mode_ipv4": "nat-unprotected"}},
        "snat": {"options": {"com.docker.network.host_ipv4": ADDRESS}},
        "dual": {"enable_ipv6": True},
    }
    for number, name in enumerate(("front", *options, "another"), 1):
        subnets = [f"10.90.{number}.0/24", *(["fd00:90:8::/64"] if name == "dual" else [])]
        pools = [docker.types.IPAMPool(subnet=subnet) for subnet in subnets]
        client.networks.create(name, ipam=docker.types.IPAMConfig(pool_configs=pools), **options.get(name, {}))
    return list(options)


def _serve(client: Any, name: str, **options: Any) -> Any:
    return client.containers.run(NAME, SERVE, name=name, detach=True, **options)


FLOWS = """\
ip link set lo up
sysctl -w net.ipv6.conf.all.disable_ipv6=0
ip address add 192.0.2.10/32 dev lo
ip address add 172.18.0.2/32 dev lo
ip address add fd00:18::2/128 dev lo nodad
ip address add 2001:db8::10/128 dev lo nodad
nft -f - <<END
table ip nat {
  chain o {
    type nat hook output priority -100;
    ip daddr 192.0.2.10 tcp dport 8080 dnat to 172.18.0.2:80
    ip daddr 192.0.2.10 udp dport 53 dnat to 172.18.0.2:5353
  }
}
table ip6 nat {
  chain o {
    type nat hook output priority -100;
    ip6 daddr 2001:db8::10 udp dport 53 dnat to [fd00:18::2]:5353
  }
}
END
"""
# A TCP connection to a published port, UDP to a published one and to none, from the host and from a container's
# address, to IPv6, and a ping.
DATAGRAMS = (
    (socket.AF_INET, ("192.0.2.10", 40001), ("192.0.2.10", 53)),
    (socket.AF_INET, ("192.0.2.10", 40002), ("192.0.2.10", 54)),
    (socket.AF_INET, ("172.18.0.2", 40003), ("172.18.0.2", 53)),
    (socket.AF_INET6, ("2001:db8::10", 40004), ("2001:db8::10", 53)),
)


def flows() -> list[socket.socket]:
    """Do what FLOWS say; the sockets that keep the connections."""
    run("sh", "-ec", FLOWS)
    server = socket.create_server(("172.18.0.2", 80))
    client = socket.create_connection(("192.0.2.10", 8080), 60, ("127.0.0.1", 40000))
    made = [server, client]
    for family, source, target in DATAGRAMS:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.bind(source)
        sock.sendto(b"x", target)
        made.append(sock)
    run(str(tool("busybox")), "ping", "-c", "1", "192.0.2.10")
    return made
