"""Conntrack messages of a real kernel, and what they say."""

import json

from exporter.core.nat.flows import Flows
from tests.support.kernel.captured_rules import CAPTURES

MESSAGES = [bytes.fromhex(line) for line in json.loads((CAPTURES / "flows/flows.json").read_text())["flows"]]


# What conntrack -L would tell of the capture; see `told` in it.
EXPECTED = Flows(
    addresses={
        ("icmp", "192.0.2.10"): 1,
        ("udp", "192.0.2.10"): 2,
        ("tcp", "127.0.0.1"): 1,
        ("tcp", "172.18.0.2"): 1,
        ("udp", "172.18.0.2"): 2,
        ("udp", "2001:db8::10"): 1,
        ("udp", "fd00:18::2"): 1,
    },
    published={
        ("tcp", 8080, "172.18.0.2"): 1,
        ("udp", 53, "172.18.0.2"): 1,
        ("udp", 53, "fd00:18::2"): 1,
    },
    direct=frozenset({(54, "192.0.2.10", "192.0.2.10"), (53, "172.18.0.2", "172.18.0.2")}),
)
