"""The mark with which an answer of the host's own socket is routed: rules of its output chains may change it.

The kernel looks up the route once more behind them (net/ipv4/netfilter.c: ip_route_me_harder).
"""

from exporter.core.model.sockets import ListeningSocket
from exporter.core.nat.address_numbers import family_of, number_of
from exporter.core.nat.packet import Mark, Packet
from exporter.core.nat.walk.firewall import OUTPUT
from exporter.core.nat.walk.hooks import walk
from exporter.core.nat.walk.ways import answer_to, way_in
from exporter.core.reach.context import ReachContext

ONWARD = 1  # of a way's parts


def answer_mark(context: ReachContext, socket: ListeningSocket, ends: tuple[str, str], mark: int) -> Mark:
    """Return the mark of an answer to a client; `ends` are the client and the host, `mark` is that of the socket."""
    own = Mark((mark,))
    if context.nat is None:
        return own
    client, host = map(number_of, ends)
    sent = Packet(
        src=client, dst=host, protocol=socket.protocol, dport=socket.port, to_host=True, family=family_of(ends[0])
    )
    firewall = context.nat.firewall
    way = way_in(firewall, sent, context.nat.route)
    if len(way.parts) <= ONWARD:
        return own  # it is dropped: a step of the rules
    answer = answer_to(sent, way.parts[ONWARD].packet, way.arrival.packet)
    return walk(firewall, answer._replace(mark=own), (OUTPUT,)).packet.mark
