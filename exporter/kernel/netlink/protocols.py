"""Names of IP protocols by their numbers (linux/in.h), sizes of addresses in bytes."""

import socket

from exporter.core.nat.ruleset import IP, IP6

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 58: "ipv6-icmp", 132: "sctp", 136: "udplite"}

ADDRESS_BYTES = {IP: 4, IP6: 16}
ADDRESS_SIZES = {int(socket.AF_INET): 4, int(socket.AF_INET6): 16}
