"""The uplink of a private host: a veth pair to a second, tiny network namespace which plays the outside world."""

import subprocess

from tests.support.private_host import cgroups

DEVICE = "enp0s3"
ADDRESS = "192.0.2.10"
OUTSIDE_DEVICE = "outside"
OUTSIDE_ADDRESS = "192.0.2.1"
# prints a line once it is in its namespace, which lives as long as this process
OUTSIDE = ("unshare", "--net", "sh", "-c", "ip link set lo up; echo; exec sleep infinity")


def attach(cgroup: str) -> subprocess.Popen[bytes]:
    """Give the caller's network namespace an uplink and a default route; the process that holds the outside world."""
    outside = subprocess.Popen([*cgroups.joining(cgroup), *OUTSIDE], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if not (outside.stdout and outside.stdout.readline()):
        raise RuntimeError("no network namespace for the outside world")
    for command in (
        f"ip link add {DEVICE} type veth peer name {OUTSIDE_DEVICE} netns {outside.pid}",
        f"ip address add {ADDRESS}/24 dev {DEVICE}",
        f"ip link set {DEVICE} up",
        f"nsenter -t {outside.pid} -n ip address add {OUTSIDE_ADDRESS}/24 dev {OUTSIDE_DEVICE}",
        f"nsenter -t {outside.pid} -n ip link set {OUTSIDE_DEVICE} up",
        f"ip route add default via {OUTSIDE_ADDRESS}",
    ):
        subprocess.run(command.split(), check=True)
    return outside
