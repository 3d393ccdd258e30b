"""Filters at the host's devices, read for each `explain`: some change without a notification."""

from dataclasses import replace

from exporter.core.observation import Observation
from exporter.kernel.links.device_filters import read_device_filters
from exporter.kernel.netlink.client import open_socket


def with_filters(observation: Observation) -> Observation:
    """Add those of the calling thread's network namespace, None where they cannot be read."""
    try:
        with open_socket() as sock:
            return replace(observation, filters=read_device_filters(sock))
    except OSError:
        return replace(observation, filters=None)
