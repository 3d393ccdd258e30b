"""What of a bridge network's traffic stayed inside, and what crossed to or from the host.

A bridge device counts only what goes to or from the host's stack, without the 14 bytes of the Ethernet header on the
way in and with them on the way out; the ports count everything, with them. So what containers sent to the host is the
device's rx plus its headers, and what they sent to each other is the rest of what the ports received.
"""

from collections.abc import Mapping

from exporter.core.model.kernel_sample import RX_BYTES, RX_PACKETS, TX_BYTES, StatsRow

ETHERNET_HEADER = 14

EXTERNAL_RECEIVE, EXTERNAL_TRANSMIT, INTERNAL = range(1, 4)  # places in a split


class Splits:
    """Keeps the largest of each figure under a network's name: ports and bridge are not read at the same instant."""

    def __init__(self) -> None:
        self._largest: dict[str, StatsRow] = {}

    def split(
        self, names: Mapping[str, str], ports: Mapping[str, StatsRow], bridges: Mapping[str, StatsRow]
    ) -> dict[str, StatsRow]:
        """Split each network: (0, external received, external sent, internal), all in bytes, the containers' view.

        All are by network id; `names` are the networks to split.
        """
        found = {}
        for network_id, name in names.items():
            port, bridge = ports[network_id], bridges[network_id]
            sent_out = bridge[RX_BYTES] + ETHERNET_HEADER * bridge[RX_PACKETS]
            now = (0, bridge[TX_BYTES], sent_out, port[RX_BYTES] - sent_out)
            found[network_id] = tuple(map(max, self._largest.get(name, (0, 0, 0, 0)), now))
        self._largest = {name: found[network_id] for network_id, name in names.items()}
        return found
