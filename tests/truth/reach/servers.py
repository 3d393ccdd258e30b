"""Servers of situations that are processes of the host, and not of a container."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.live.listening import listening
from tests.truth.case import Plant
from tests.truth.lab import Lab

# a server of several sockets: its name is the body of each HTTP answer, and stands before each datagram it sends back
ANSWER = """
import select
print("ready", flush=True)
while True:
    for sock in select.select(made, [], [])[0]:
        if sock.type == socket.SOCK_DGRAM:
            data, client = sock.recvfrom(65536)
            sock.sendto(sys.argv[1].encode() + data[len(sys.argv[1]):], client)
            continue
        connection = sock.accept()[0]
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + sys.argv[1].encode())
        connection.close()
"""
# a server that never accepts, with a queue of two
FULL = """
made[0].listen(1)
clients = []
for _ in range(4):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", made[0].getsockname()[1]))
    clients.append(client)
print("ready", flush=True)
signal.pause()
"""


def service(name: str, *claims: str, where: str = "", then: str = ANSWER) -> Plant:
    """A process of the host, or in the network namespace of a container, that answers on `claims`, as `tcp,::,80`.

    `shared` lets the next one listen while connections of this one are in TIME_WAIT.
    """

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        before = ("nsenter", "-t", str(lab.pid(where)), "-n") if where else ()
        with listening(lab.host, name, *map(lab.text, claims), then=then, before=before):
            yield

    return plant
