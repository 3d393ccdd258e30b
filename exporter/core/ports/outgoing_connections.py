"""Ports that are in use without a listener: an outgoing connection has one as its source port.

Only ports of failed binds are looked up.
"""

from exporter.core.model.sockets import CONNECTION, ListeningSocket, Owner
from exporter.core.ports.context import PortContext, wanted_socket
from exporter.core.ports.listen_address import ListenAddress
from exporter.core.ports.overlap import overlaps

# TIME_WAIT ends by itself, and listeners are known.
IGNORED_STATES = ("listen", "time_wait")


def outgoing(context: PortContext, place: ListenAddress) -> Owner | None:
    """Return the owner of the outgoing connection that blocks the bind; None while none is known."""
    wanted = wanted_socket(place)
    for socket in context.readings.bound.get(place.port_key, ()):
        held = ListeningSocket(socket.protocol, socket.address, socket.port)
        if socket.state not in IGNORED_STATES and overlaps(wanted, held):
            return Owner(CONNECTION, socket.owner.name, socket.owner.container_id)
    return None
