"""Two containers on one network of a private host, and an exporter that counts their connections."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.live.exposed import Exporter, Metrics
from tests.support.live.hosts import clear
from tests.support.live.shop import run
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

Condition = Callable[[Metrics], object]


class Lab:
    """`web`, which publishes a port, and `db` on the network `front`."""

    def __init__(self, host: PrivateHost, exporter: Exporter) -> None:
        self.host, self.exporter = host, exporter
        host.client().networks.create("front")
        self.web = run(host, "web", "front", ports={"80/tcp": 8080})
        self.db = run(host, "db", "front")
        self.knows("web", "db")

    def knows(self, *names: str) -> None:
        """Wait until the exporter knows these containers."""
        self.metrics_with(lambda found: found.names("dockernet_container_info", "container") >= set(names))

    def metrics_with(self, condition: Condition, seconds: float = 30) -> Metrics:
        """Wait for an exposition."""

        def read() -> Metrics | None:
            found = self.exporter.metrics()
            return found if condition(found) else None

        answer = until(read, seconds, "such an exposition")
        assert answer is not None
        return answer

    def counted(self, name: str, value: float, **labels: str) -> None:
        """Wait until a series has a value."""
        try:
            self.metrics_with(lambda found: found.value(name, **labels) == value)
        except TimeoutError as error:
            error.add_note(f"{name}{labels}: {self.exporter.metrics().series(name)}")
            raise


def pid_of(container: Any) -> int:
    """The container's process."""
    container.reload()
    return int(container.attrs["State"]["Pid"])


def address_of(container: Any, network: str = "front", kind: str = "IPAddress") -> str:
    """Its address on a network."""
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][network][kind])


@contextmanager
def counting(host: PrivateHost) -> Iterator[Lab]:
    """The containers and the exporter on a host."""
    clear(host)
    with Exporter(host) as exporter:
        if exporter.metrics().series("dockernet_collector_degraded", collector="connections"):
            pytest.skip("this kernel lets no such program in")
        yield Lab(host, exporter)
    clear(host)
