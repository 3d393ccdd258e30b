"""Ports that nobody listens on and that are taken all the same: an outgoing connection has one as its own.

The kernel is asked only about ports that a bind failed for.
"""

from exporter.core.model.sockets import CONNECTION, ListeningSocket, Owner
from exporter.core.ports.context import PortContext, wanted_socket
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.ports.overlap import overlaps

# TIME_WAIT ends by itself, and listeners are known.
UNINTERESTING = ("listen", "time_wait")


def outgoing(context: PortContext, place: ListenAddress) -> Owner | None:
    """Return whose outgoing connection stands in the way; None while nobody's is known to."""
    wanted = wanted_socket(place)
    for socket in context.readings.bound.get(place.port_key, ()):
        held = ListeningSocket(socket.protocol, socket.address, socket.port)
        if socket.state not in UNINTERESTING and overlaps(wanted, held):
            return Owner(CONNECTION, socket.owner.name, socket.owner.container_id)
    return None
