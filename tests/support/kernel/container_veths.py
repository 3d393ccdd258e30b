"""Veths of containers in namespaces of a test's own."""

from exporter.kernel.netlink.client import open_socket
from exporter.kernel.netlink.nsid import NETNSA_PID, read_nsid
from tests.support.kernel.own_namespace import carries, ip

MAC = "02:42:ac:12:00:02"


def plug(name: str, pid: int) -> None:
    """Give a container a veth on a bridge, as an engine does."""
    ip(f"link add v-{name} type veth peer name e-{name} address {MAC}")
    ip(f"link set v-{name} master br-front up")
    ip(f"link set e-{name} netns {pid}")
    ip(f"link set e-{name} name eth0 up", inside=pid)
    carries(f"v-{name}")
    carries("eth0", inside=pid)


def nsid_of(pid: int) -> int:
    with open_socket() as sock:
        return read_nsid(sock, NETNSA_PID, pid)
