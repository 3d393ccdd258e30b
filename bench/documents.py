"""What an engine would answer about a fake host, in the shape of Docker 20.10's answers."""

import hashlib
from typing import Any

from bench.devices import PORTS, bridge_name, mac_address

Json = dict[str, Any]

IMAGE = "shop/web:1.27"
CREATED = 1795509930
CREATED_TEXT = "2026-11-24T08:45:30.836342147Z"


def documents(count: int) -> dict[str, Any]:
    """All answers by path, without the version in front."""
    listed = [_listed(number) for number in range(count)]
    networks = [_network(number) for number in range(-(-count // PORTS))]
    inspected = {f"/containers/{row['Id']}/json": _inspected(row) for row in listed}
    return {
        "/version": {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "KernelVersion": "6.1.0"},
        "/info": {"Name": "bench", "CgroupVersion": "1", "Containers": count, "ContainersRunning": count},
        "/containers/json": listed,
        "/networks": networks,
        **inspected,
    }


def container_id(number: int) -> str:
    """Sixty-four hexadecimal digits, as an engine's."""
    return _digest("container", number)


def _digest(kind: str, number: int) -> str:
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()


def _listed(number: int) -> Json:
    network = f"shop-{number // PORTS}"
    return {
        "Id": container_id(number),
        "Names": [f"/{network}-web-{number}"],
        "Image": IMAGE,
        "ImageID": f"sha256:{_digest('image', 0)}",
        "Command": "/bin/httpd -f -p 80",
        "Created": CREATED,
        "Ports": [{"PrivatePort": 80, "Type": "tcp"}],
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
        "IPAddress": f"10.{network}.0.{2 + number % PORTS}",
        "IPPrefixLen": 16,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": mac_address(number),
        "DriverOpts": None,
    }


def _inspected(listed: Json) -> Json:
    return {
        "Id": listed["Id"],
        "Name": listed["Names"][0],
        "Created": CREATED_TEXT,
        "State": {"Status": "running", "Running": True, "Pid": 0},
        "Config": {"Image": listed["Image"], "Labels": listed["Labels"]},
        "HostConfig": listed["HostConfig"],
        "NetworkSettings": {"SandboxKey": "", **listed["NetworkSettings"]},
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
