"""Link messages of the captures, and the counters of a link in their order."""

from exporter.kernel.netlink.messages import HEADER
from tests.support.kernel.captured import captured
from tests.support.kernel.messages import RTM_DELLINK, RTM_NEWLINK

LINK_MESSAGES = [
    raw
    for name in ("devices", "life")
    for raw in captured(name)
    if HEADER.unpack_from(raw)[1] in (RTM_NEWLINK, RTM_DELLINK)
]


COUNTERS = (
    "rx_packets",
    "tx_packets",
    "rx_bytes",
    "tx_bytes",
    "rx_errors",
    "tx_errors",
    "rx_dropped",
    "tx_dropped",
)
