"""The classic host: every way in which a container gets its network on one host, or does not."""

from typing import Any

from docker.types import IPAMConfig, IPAMPool

from tests.support.private_host.host import PrivateHost
from tests.support.private_host.image import NAME
from tests.support.private_host.uplink import DEVICE
from tests.support.waiting import until

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
BACK_OFF_TRIES = 6  # the pauses double from 0.1 s: the next one is long enough to record the host in it
SECONDS = 60

COMMANDS = f"""\
docker network create --label {PROJECT}=shop shop_front
docker network create --label {PROJECT}=shop --internal shop_back
docker network create --subnet 10.99.0.0/24 --opt com.docker.network.bridge.name=br-named \\
    --opt com.docker.network.driver.mtu=1400 named
docker network create --ipv6 --subnet 10.98.0.0/24 --subnet fd00:98::/64 dual
docker network create --driver macvlan --opt parent={DEVICE} --subnet 198.51.100.0/24 lan
docker run -d --name shop-web-1 --label {PROJECT}=shop --label {SERVICE}=web --network shop_front \\
    -p 8080:80 -p 127.0.0.1:8443:443 {NAME} sleep 1000
docker network connect shop_back shop-web-1
docker run -d --name shop-db-1 --label {PROJECT}=shop --label {SERVICE}=db --network shop_back {NAME} sleep 1000
docker run -d --name shop-sidecar-1 --network container:shop-web-1 {NAME} sleep 1000
docker run -d --name plain {NAME} sleep 1000
docker run -d --name hostmode --network host {NAME} sleep 1000
docker run -d --name isolated --network none {NAME} sleep 1000
docker run -d --name named --network named {NAME} sleep 1000
docker run -d --name v6 --network dual {NAME} sleep 1000
docker run -d --name on-lan --network lan {NAME} sleep 1000
docker run -d --name paused {NAME} sleep 1000 && docker pause paused
docker run -d --name exited {NAME} sh -c 'exit 3'
docker run -d --name restarting --restart always {NAME} sh -c 'exit 1'
docker create --name created {NAME} sleep 1000
docker exec shop-web-1 ping -c 2 -s 1000 shop-db-1
docker exec plain ping -c 2 172.17.0.1
docker exec on-lan ping -c 1 -W 1 198.51.100.1
"""

README = """\
# A classic host on Docker {version}

One moment of a host with every way in which a container gets its network on one host, or does not: the default bridge,
networks with and without compose labels, internal, dual-stack, with a device's name and an MTU of its own, a macvlan
on the uplink; a container on two networks and one that shares its namespace; host mode and none; paused, exited,
created, and in the back-off of its restarts.
`python -m tests.support.record_host` made it on a private host, by what does the same as these commands:

```sh
{commands}```
"""


class Classic:
    """What COMMANDS do, one method for each kind of command."""

    def __init__(self, host: PrivateHost) -> None:
        self._docker = host.client()

    def build(self) -> None:
        """Do all of it, and wait until the host stands still."""
        self._networks()
        self._shop()
        self._others()
        self._stopped()
        self._traffic()
        until(self._in_back_off, SECONDS, "a container in its back-off")

    def unpause(self) -> None:
        """Let the frozen process go on: it could not be killed with the host."""
        self._docker.containers.get("paused").unpause()

    def _networks(self) -> None:
        create = self._docker.networks.create
        create("shop_front", labels={PROJECT: "shop"})
        create("shop_back", labels={PROJECT: "shop"}, internal=True)
        options = {"com.docker.network.bridge.name": "br-named", "com.docker.network.driver.mtu": "1400"}
        create("named", ipam=_pools("10.99.0.0/24"), options=options)
        create("dual", enable_ipv6=True, ipam=_pools("10.98.0.0/24", "fd00:98::/64"))
        create("lan", driver="macvlan", options={"parent": DEVICE}, ipam=_pools("198.51.100.0/24"))

    def _shop(self) -> None:
        labels = {PROJECT: "shop"}
        ports = {"80/tcp": 8080, "443/tcp": ("127.0.0.1", 8443)}
        web = self._run("shop-web-1", network="shop_front", ports=ports, labels={**labels, SERVICE: "web"})
        self._docker.networks.get("shop_back").connect(web)
        self._run("shop-db-1", network="shop_back", labels={**labels, SERVICE: "db"})
        self._run("shop-sidecar-1", network_mode="container:shop-web-1")

    def _others(self) -> None:
        self._run("plain")
        self._run("hostmode", network_mode="host")
        self._run("isolated", network_mode="none")
        self._run("named", network="named")
        self._run("v6", network="dual")
        self._run("on-lan", network="lan")
        self._run("paused").pause()

    def _stopped(self) -> None:
        self._run("exited", "sh", "-c", "exit 3").wait()
        self._run("restarting", "sh", "-c", "exit 1", restart_policy={"Name": "always"})
        self._docker.containers.create(NAME, ["sleep", "1000"], name="created")

    def _traffic(self) -> None:
        for name, command in (
            ("shop-web-1", "ping -c 2 -s 1000 shop-db-1"),
            ("plain", "ping -c 2 172.17.0.1"),
            ("on-lan", "ping -c 1 -W 1 198.51.100.1"),
        ):
            self._docker.containers.get(name).exec_run(command.split())

    def _run(self, name: str, *command: str, **options: Any) -> Any:
        return self._docker.containers.run(NAME, list(command) or ["sleep", "1000"], name=name, detach=True, **options)

    def _in_back_off(self) -> bool:
        document = self._docker.api.inspect_container("restarting")
        return bool(document["State"]["Restarting"] and document["RestartCount"] >= BACK_OFF_TRIES)


def _pools(*subnets: str) -> IPAMConfig:
    return IPAMConfig(pool_configs=[IPAMPool(subnet=subnet) for subnet in subnets])
