"""What an engine would answer about a fake host, in the shape of Docker 20.10's answers."""

import hashlib
from collections.abc import Sequence
from typing import Any

from bench.devices import PORTS, bridge_name, mac_address
from bench.nat_host import Place

Json = dict[str, Any]

FIRST_PORT = 10_000
IMAGE = "shop/web:1.27"
CREATED = 1795509930
CREATED_TEXT = "2026-11-24T08:45:30.836342147Z"


def documents(count: int, published: Sequence[Place] = ()) -> dict[str, Any]:
    """All answers by path, without the version in front. The first of the containers publish these ports, one each."""
    listed = [_listed(number, _ports(published[number : number + 1])) for number in range(count)]
    networks = [_network(number) for number in range(-(-count // PORTS))]
    inspected = {f"/containers/{row['Id']}/json": _inspected(row) for row in listed}
    return {
        "/version": {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "KernelVersion": "6.1.0"},
        "/info": {"Name": "bench", "CgroupVersion": "1", "Containers": count, "ContainersRunning": count},
        "/containers/json": listed,
        "/networks": networks,
        **inspected,
    }


def published_ports(count: int) -> list[Place]:
    """One port for each container."""
    return [(FIRST_PORT + n, _address(n), bridge_name(n // PORTS)) for n in range(count)]


def container_id(number: int) -> str:
    """Sixty-four hexadecimal digits, as an engine's."""
    return _digest("container", number)


def _digest(kind: str, number: int) -> str:
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()


def _ports(published: Sequence[Place]) -> list[Json]:
    if not published:
        return [{"PrivatePort": 80, "Type": "tcp"}]
    return [{"IP": "0.0.0.0", "PrivatePort": port, "PublicPort": port, "Type": "tcp"} for port, _, _ in published]


def _listed(number: int, ports: list[Json]) -> Json:
    network = f"shop-{number // PORTS}"
    return {
        "Id": container_id(number),
        "Names": [f"/{network}-web-{number}"],
        "Image": IMAGE,
        "ImageID": f"sha256:{_digest('image', 0)}",
        "Command": "/bin/httpd -f -p 80",
        "Created": CREATED,
        "Ports": ports,
        "Labels": {
            "com.docker.compose.project": network,
            "com.docker.compose.service": "web",
            "com.docker.compose.container-number": str(number),
        },
        "State": "running",
        "Status": "Up 6 seconds",
        "HostConfig": {"NetworkMode": network},
        "NetworkSettings": {"Networks": {network: _endpoint(number)}},
        "Mounts": [],
    }


def _endpoint(number: int) -> Json:
    network = number // PORTS
    return {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": [f"web-{number}", container_id(number)[:12]],
        "NetworkID": _digest("network", network),
        "EndpointID": _digest("endpoint", number),
        "Gateway": f"10.{network}.0.1",
        "IPAddress": _address(number),
        "IPPrefixLen": 16,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": mac_address(number),
        "DriverOpts": None,
    }


def _address(number: int) -> str:
    return f"10.{number // PORTS}.0.{2 + number % PORTS}"


def _inspected(listed: Json) -> Json:
    bindings = {
        f"{port['PrivatePort']}/tcp": [{"HostIp": port["IP"], "HostPort": str(port["PublicPort"])}]
        for port in listed["Ports"]
        if "PublicPort" in port
    }
    return {
        "Id": listed["Id"],
        "Name": listed["Names"][0],
        "Created": CREATED_TEXT,
        "State": {"Status": "running", "Running": True, "Pid": 0},
        "Config": {"Image": listed["Image"], "Labels": listed["Labels"]},
        "HostConfig": {**listed["HostConfig"], "PortBindings": bindings},
        "NetworkSettings": {"SandboxKey": "", "Ports": bindings, **listed["NetworkSettings"]},
    }


def _network(number: int) -> Json:
    return {
        "Id": _digest("network", number),
        "Name": f"shop-{number}",
        "Created": CREATED_TEXT,
        "Driver": "bridge",
        "Scope": "local",
        "EnableIPv6": False,
        "Internal": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": [{"Subnet": f"10.{number}.0.0/16"}]},
        "Options": {"com.docker.network.bridge.name": bridge_name(number)},
        "Containers": {},
        "Labels": {},
    }
