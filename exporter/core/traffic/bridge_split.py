"""What of a bridge network's traffic stayed inside, and what crossed to or from the host.

A bridge device counts only what goes to or from the host's stack, without the 14 bytes of the Ethernet header on the
way in and with them on the way out; the ports count everything, with them. So what containers sent to the host is the
device's rx plus its headers, and what they sent to each other is the rest of what the ports received.
"""

from collections.abc import Sequence

from exporter.core.model.kernel_sample import RX_BYTES, RX_PACKETS, TX_BYTES, StatsRow

ETHERNET_HEADER = 14

EXTERNAL_RECEIVE, EXTERNAL_TRANSMIT, INTERNAL = range(1, 4)  # places in a split


class Splits:
    """Keeps the largest of each figure: ports and bridge are not read at the same instant."""

    def __init__(self) -> None:
        self._largest: dict[str, StatsRow] = {}

    def split(self, names: Sequence[str], ports: Sequence[StatsRow], bridges: Sequence[StatsRow]) -> list[StatsRow]:
        """Split each network: (0, external received, external sent, internal), all in bytes, the containers' view."""
        found = {}
        for name, port, bridge in zip(names, ports, bridges, strict=True):
            sent_out = bridge[RX_BYTES] + ETHERNET_HEADER * bridge[RX_PACKETS]
            now = (0, bridge[TX_BYTES], sent_out, port[RX_BYTES] - sent_out)
            found[name] = tuple(map(max, self._largest.get(name, (0, 0, 0, 0)), now))
        self._largest = found
        return list(found.values())
