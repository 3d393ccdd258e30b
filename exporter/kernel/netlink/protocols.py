"""Numbers and names of IP protocols (linux/in.h), sizes of addresses."""

from exporter.core.nat.ruleset import (
    IP,
    IP6,
)

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 58: "ipv6-icmp", 132: "sctp", 136: "udplite"}


ADDRESS_BYTES = {IP: 4, IP6: 16}
