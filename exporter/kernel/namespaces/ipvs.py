"""Where IPVS distributes connections to, in the sandbox of Swarm's routing mesh.

Source: ip_vs_info_seq_show in net/netfilter/ipvs/ip_vs_ctl.c.
"""

import re
from ipaddress import IPv4Address
from pathlib import Path

from exporter.kernel.namespaces.hidden import read_hidden

TABLE = Path("/proc/thread-self/net/ip_vs")  # of the namespace that the reading thread is in
REAL_SERVER = re.compile(r"^ +-> (?P<address>[0-9A-F]{8}):[0-9A-F]{4} +\S+ +(?P<weight>\d+) ", re.MULTILINE)


def read_real_servers(netns_file: Path) -> frozenset[str] | None:
    """Read the IPv4 addresses that take new connections; None where there is no such namespace or no IPVS.

    Raises SourceError as `read_hidden` does.
    """
    text = read_hidden(netns_file, TABLE.read_text)
    return None if text is None else parse_real_servers(text)


def parse_real_servers(text: str) -> frozenset[str]:
    """Parse /proc/net/ip_vs. A server of weight 0 takes no new connection."""
    rows = REAL_SERVER.finditer(text)
    return frozenset(str(IPv4Address(int(row["address"], 16))) for row in rows if int(row["weight"]))
