"""Containers of a machine, by its docker command, and the counters inside them."""

from collections.abc import Callable

from tests.support.live.exposed import COUNTERS, Metrics
from tests.support.waiting import until
from tests.virtual_machine import exporter
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.machine import Machine

IMAGE = "busybox:local"
COLUMNS = tuple(f"{direction}_{what}" for direction in ("receive", "transmit") for what in COUNTERS)


def run(machine: Machine, name: str, options: str = "", command: str = "sleep 100000") -> None:
    """`docker run --detach`."""
    machine.shell(f"docker run --detach --name {name} {options} {IMAGE} {command}")


def inside(machine: Machine, name: str, script: str, *, check: bool = True) -> str:
    """Run a script in a container."""
    return machine.run("docker", "exec", name, "sh", "-c", script, check=check).stdout.strip()


def address(machine: Machine, name: str, network: str) -> str:
    """The IPv4 address of a container on a network."""
    template = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
    return machine.run("docker", "inspect", "--format", template, name).stdout.strip()


def counters(machine: Machine, name: str, interface: str) -> dict[str, float | None]:
    """The eight counters of an interface, by /proc/net/dev in the container."""
    lines = inside(machine, name, "cat /proc/net/dev").splitlines()
    (row,) = (rest for device, _, rest in (line.partition(":") for line in lines) if device.strip() == interface)
    columns = [float(column) for column in row.split()]
    return dict(zip(COLUMNS, (*columns[0:4], *columns[8:12]), strict=True))


def offer(machine: Machine, name: str, size: int) -> None:
    """Let a container serve a file of `size` bytes."""
    inside(machine, name, f"head -c {size} /dev/zero >/file; httpd -p 7777 -h /")


def fetch(machine: Machine, name: str, address: str, size: int) -> None:
    """Move the file of `size` bytes that an address offers into a container."""
    command = f"wget -q -O - http://{address}:7777/file | wc -c"
    until(lambda: inside(machine, name, command, check=False) == str(size), PATIENCE_SECONDS, f"{size} bytes at {name}")


def counted(machine: Machine, name: str, network: str, interface: str) -> Metrics:
    """Scrape until an endpoint has the counters that its container has; the metrics with them."""

    def equal(metrics: Metrics) -> bool:
        exposed = metrics.counters("endpoint", container=name, network=network)
        return exposed == counters(machine, name, interface)

    return eventually(machine, equal, f"the counters of {name}")


def eventually(machine: Machine, true: Callable[[Metrics], bool], what: str) -> Metrics:
    """Scrape until a condition holds; the metrics that met it."""
    found: list[Metrics] = []

    def met() -> bool:
        found[:] = [exporter.metrics(machine)]
        return true(found[0])

    until(met, PATIENCE_SECONDS, what)
    return found[0]
