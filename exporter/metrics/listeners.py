"""Listening sockets of the host, and the cost of docker-proxy."""

from collections.abc import Iterator, Mapping

from exporter.core.model.sockets import HostSockets, Listener, ProxyUse
from exporter.core.ports.scope import scope
from exporter.metrics.build import Metric, add_info, gauge, info


def listeners(sockets: HostSockets) -> Iterator[Metric]:
    """dockernet_host_listener_info and dockernet_host_listeners_omitted."""
    family = info(
        "dockernet_host_listener_info",
        "A listening socket of the host's network namespace (inet_diag); without UDP on ephemeral ports that no "
        "container declares.",
        ("protocol", "address", "port", "owner", "owner_kind", "scope"),
    )
    # Workers that share a port have a socket each.
    for labels in dict.fromkeys(map(_labels, sockets.listeners)):
        add_info(family, labels)
    omitted = gauge(
        "dockernet_host_listeners_omitted", "Listening sockets that are not shown, because one user has too many."
    )
    omitted.add_metric((), sockets.omitted)
    yield from (family, omitted)


def _labels(listener: Listener) -> tuple[str, ...]:
    socket, owner = listener.socket, listener.owner
    return socket.protocol, socket.address, str(socket.port), owner.name, owner.kind, scope(socket.address)


def proxies(use: Mapping[str, ProxyUse]) -> Iterator[Metric]:
    """dockernet_docker_proxy_processes and dockernet_docker_proxy_resident_memory_bytes."""
    processes = gauge("dockernet_docker_proxy_processes", "docker-proxy processes of the container.", ("container",))
    memory = gauge(
        "dockernet_docker_proxy_resident_memory_bytes",
        "Resident memory of the container's docker-proxy processes, shared pages counted per process; read every ten "
        "seconds.",
        ("container",),
    )
    for container, cost in use.items():
        processes.add_metric((container,), cost.processes)
        if cost.resident_memory:
            memory.add_metric((container,), cost.resident_memory)
    yield from (processes, memory)
