"""Filters at the host's devices and IPsec policies, read for each `explain`: some change without a notification."""

import contextlib

from msgspec.structs import replace

from exporter.core.observation import Observation
from exporter.kernel.links.device_filters import read_device_filters
from exporter.kernel.links.ipsec_policies import read_ipsec_policies
from exporter.kernel.netlink.client import open_socket


def with_filters(observation: Observation) -> Observation:
    """Add those of the calling thread's network namespace, None where they cannot be read."""
    observation = replace(observation, filters=None, ipsec=None)
    with contextlib.suppress(OSError), open_socket() as sock:
        observation = replace(observation, filters=read_device_filters(sock))
    with contextlib.suppress(OSError):
        observation = replace(observation, ipsec=read_ipsec_policies())
    return observation
