"""What every case ends with: the right series, none of what is gone, nothing left open."""

import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.live.exposed import Exporter, Metrics
from tests.support.live.shop import IMAGE
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

PARALLEL = 8
SETTLE_SECONDS = 30.0
WITHOUT_ENDPOINTS = ("host", "none")
# Connections to the engine that may still be made or dropped: one per thread that asks it.
ENGINE_CONNECTIONS = 6


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process holds: descriptors by kind without their numbers, threads, namespaces that no container has."""

    descriptors: Mapping[str, int]
    threads: int
    namespaces: int

    def grown(self, before: "Footprint") -> dict[str, tuple[int, int]]:
        """What there is more of than before, with both counts; engine connections may vary with its threads."""
        more = {
            kind: (before.descriptors.get(kind, 0), count)
            for kind, count in self.descriptors.items()
            if count > before.descriptors.get(kind, 0) + (ENGINE_CONNECTIONS if kind == "socket:" else 0)
        }
        pairs = {"threads": (before.threads, self.threads), "namespaces": (before.namespaces, self.namespaces)}
        return more | {what: pair for what, pair in pairs.items() if pair[1] > pair[0]}


class Patient:
    """A host and its exporter: healthy when the exporter says what the host is, and holds no more than at first."""

    def __init__(self, host: PrivateHost, exporter: Exporter) -> None:
        self.host = host
        self.exporter = exporter
        self.settles()
        warm_up(host, exporter)
        self.settles()
        self._before = footprint(host, exporter.process.pid)

    def settles(self) -> None:
        """Wait until the exposition is the host's truth."""
        until(lambda: not self.wrong(), SETTLE_SECONDS, f"the truth: {self.wrong()}")

    def is_well(self) -> None:
        """The right series, no other ones, no leak."""
        self.settles()
        until(lambda: not self.leaks(), SETTLE_SECONDS, f"as little as before: {self.leaks()}")

    def wrong(self) -> dict[str, tuple[set[Any], set[Any]]]:
        """Where exposition and truth differ: what is missing, what is stale."""
        said, true = told(self.exporter.metrics()), truth(self.host)
        return {what: (true[what] - said[what], said[what] - true[what]) for what in true if true[what] != said[what]}

    def leaks(self) -> dict[str, tuple[int, int]]:
        """What it holds more of than when it was warm."""
        return footprint(self.host, self.exporter.process.pid).grown(self._before)


def footprint(host: PrivateHost, pid: int) -> Footprint:
    """What a process of a host holds now."""
    descriptors: Counter[str] = Counter()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            descriptors[str(entry.readlink()).partition("[")[0]] += 1
    known = json.loads(host.run("ip", "-j", "netns", "list-id").stdout or "[]")
    threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    return Footprint(descriptors, threads, len(known) - len(host.api().containers()))


def truth(host: PrivateHost) -> dict[str, set[Any]]:
    """Containers, endpoints and networks by the engine, ports of Docker's bridges by the kernel."""
    api = host.api()
    rows = [row for row in api.containers() if row["State"] in ("running", "paused")]
    names = {row["Id"]: row["Names"][0].removeprefix("/") for row in rows}
    endpoints = {
        (names[row["Id"]], network)
        for row in rows
        for network in row["NetworkSettings"]["Networks"]
        if network not in WITHOUT_ENDPOINTS
    }
    links = json.loads(host.run("ip", "-j", "link", "show", "type", "veth").stdout or "[]")
    return {
        "containers": set(names.values()),
        "endpoints": endpoints,
        "networks": {network["Name"] for network in api.networks()},
        "veths": {link["ifname"] for link in links if link and link.get("master") and "link_netnsid" in link},
    }


def told(metrics: Metrics) -> dict[str, set[Any]]:
    """The same by the exposition."""
    endpoints = metrics.series("dockernet_endpoint_receive_bytes_total")
    return {
        "containers": metrics.names("dockernet_container_info", "container"),
        "endpoints": {(labels["container"], labels["network"]) for labels, _ in endpoints},
        "networks": metrics.names("dockernet_network_info", "network"),
        "veths": metrics.names("dockernet_veth_receive_bytes_total", "veth"),
    }


def run(host: PrivateHost, name: str, **options: Any) -> Any:
    """`docker run --detach`, asleep."""
    return host.client().containers.run(IMAGE, ["sleep", "1000"], name=name, detach=True, **options)


def remove(host: PrivateHost, name: str) -> None:
    """`docker rm --force`."""
    host.api().remove_container(name, force=True)


def warm_up(host: PrivateHost, exporter: Exporter) -> None:
    """Threads and connections are made when they are first needed; have them made."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        names = [f"warm-{number}" for number in range(PARALLEL)]
        list(pool.map(lambda name: run(host, name), names))
        list(pool.map(lambda _: exporter.get(), names))
        list(pool.map(lambda name: remove(host, name), names))
