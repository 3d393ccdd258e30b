"""Containers of other engines beside Docker's: Podman, Kubernetes, a second dockerd."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.private_host.engines import tool
from tests.support.waiting import until
from tests.truth.case import Case, Plant
from tests.truth.lab import START_SECONDS, Lab
from tests.truth.plants import both, process, rules, saved
from tests.truth.probes import fetch, published
from tests.truth.rows import ordinary

KIND = "other engines"
MAKE = """
mkdir -p /run/pod; echo pod >/run/pod/index.html
ip netns add pod
ip link add podman0 type bridge; ip address add 10.88.0.1/16 dev podman0; ip link set podman0 up
ip link add vethpod type veth peer name eth0 netns pod; ip link set vethpod master podman0 up
ip -n pod address add 10.88.0.5/16 dev eth0; ip -n pod link set eth0 up; ip -n pod route add default via 10.88.0.1
"""


@contextmanager
def pod(lab: Lab) -> Iterator[None]:
    """A container of another engine: a namespace on a bridge of its own, with a server."""
    lab.sh(MAKE)
    words = ("ip", "netns", "exec", "pod", str(tool("busybox")), "httpd", "-f", "-p", "80", "-h", "/run/pod")
    try:
        with lab.started(*words):
            until(lambda: fetch(lab.host.pid, "10.88.0.5", 80) == "pod", START_SECONDS, "the pod answers")
            yield
    finally:
        lab.sh("ip netns del pod; ip link del podman0")


def other(name: str, port: int, *plants: Plant, **options: Any) -> Case:
    """A port of the host that leads to the pod."""
    forwarded = rules("-I FORWARD -o podman0 -j ACCEPT", "-I FORWARD -i podman0 -j ACCEPT")
    plant = both(pod, forwarded, *plants)
    settings = {"asked": str(port), "probe": published(port, "pod"), "sound_before": False, "watch": 13.0, **options}
    return ordinary(name, KIND, plant, **settings)


NETAVARK = saved(
    "iptables -t nat -N NETAVARK-HOSTPORT-DNAT; iptables -t nat -N NETAVARK-DN-1\n"
    "iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT\n"
    "iptables -t nat -A NETAVARK-HOSTPORT-DNAT -p tcp --dport 8310 -j NETAVARK-DN-1\n"
    "iptables -t nat -A NETAVARK-DN-1 -p tcp --dport 8310 -j DNAT --to-destination 10.88.0.5:80\n"
)
KUBE = saved(
    "iptables -t nat -N KUBE-SERVICES; iptables -t nat -N KUBE-NODEPORTS; iptables -t nat -N KUBE-SEP-1\n"
    "iptables -t nat -I PREROUTING -j KUBE-SERVICES\n"
    "iptables -t nat -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
    "iptables -t nat -A KUBE-NODEPORTS -p tcp --dport 30080 -j KUBE-SEP-1\n"
    "iptables -t nat -A KUBE-SEP-1 -p tcp -j DNAT --to-destination 10.88.0.5:80\n"
)
SECOND = "-t nat -A DOCKER ! -i podman0 -p tcp --dport 8311 -j DNAT --to-destination 10.88.0.5:80"
PORTMAP = "-t nat -I PREROUTING -p tcp -m multiport --dports 8312,8313 -j DNAT --to-destination 10.88.0.5:80"

CASES = (
    other("rootful Podman", 8310, process("conmon", "tcp,0.0.0.0,8310"), NETAVARK),
    other("kube-proxy reserves a NodePort", 30080, process("kube-proxy", "tcp,0.0.0.0,30080"), KUBE),
    other("Kubernetes without a reserving socket", 30080, KUBE),
    other("second dockerd", 8311, process("docker-proxy", "tcp,0.0.0.0,8311"), rules(SECOND)),
    other("second dockerd without docker-proxy", 8311, rules(SECOND)),
    other("port map of CNI", 8312, rules(PORTMAP)),
)
