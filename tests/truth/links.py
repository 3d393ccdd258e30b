"""Which device of the host is the other end of a container's eth0."""

import json

from tests.support.private_host.host import PrivateHost


def host_end(host: PrivateHost, pid: int, device: str = "eth0") -> str:
    """Return the name of the host's end of a veth pair; '' where there is no such device."""
    inside = host.run("nsenter", "-t", str(pid), "-n", "ip", "-j", "link", "show", device, check=False).stdout
    index = json.loads(inside)[0].get("link_index") if inside.strip() else None
    links = json.loads(host.run("ip", "-j", "link").stdout)
    return next((str(link["ifname"]) for link in links if link["ifindex"] == index), "")
