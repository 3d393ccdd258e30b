"""Two hosts of one Swarm."""

from collections.abc import Callable

from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until


def swarm(new_host: Callable[..., PrivateHost]) -> tuple[PrivateHost, PrivateHost]:
    """Two hosts on one wire, joined to a Swarm."""
    hosts = new_host("manager", uplink=False), new_host("worker", uplink=False)
    hosts[0].run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(hosts[1].pid))
    for number, host in enumerate(hosts, 1):
        host.run("ip", "address", "add", f"192.0.2.{number}/24", "dev", "eth0")
        host.run("ip", "link", "set", "eth0", "up")
        # without it each task waits for time-outs of name servers that are not there
        host.run("ip", "route", "add", "unreachable", "default")
        host.start().load_image()
    manager, worker = hosts
    manager.client().swarm.init(advertise_addr="192.0.2.1", listen_addr="192.0.2.1")
    token = manager.client().swarm.attrs["JoinTokens"]["Worker"]
    worker.client().swarm.join(["192.0.2.1"], token, advertise_addr="192.0.2.2", listen_addr="192.0.2.2")

    def ready() -> bool:
        nodes = manager.api().nodes()
        return len(nodes) == 2 and all(node["Status"]["State"] == "ready" for node in nodes)

    until(ready, 60, "two ready nodes")
    return manager, worker
