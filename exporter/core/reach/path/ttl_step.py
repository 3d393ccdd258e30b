"""Packets that a container sends with a time to live that ends at the host, which forwards them."""

from exporter.core.explain.path import FAILED, Step
from exporter.core.model.fib import RouteResult
from exporter.core.reach.view import Device, NamespaceView

LEAST = 2  # of a packet that is forwarded once (net/ipv4/ip_forward.c)


def ttl_step(
    name: str, view: NamespaceView, device: Device, what: str, *, six: bool, route: RouteResult
) -> Step | None:
    """Return the failed step of packets that the host does not forward; a route's own hop limit comes first."""
    setting = "net.ipv6.conf.*.hop_limit" if six else "net.ipv4.ip_default_ttl"
    value = route.hop_limit or (device.hop_limit if six else view.ttl)
    if value >= LEAST:
        return None
    detail = f"{what} have a time to live of {value}, and the host does not forward them ({setting})"
    return Step(name, FAILED, detail, "ttl_too_small")
