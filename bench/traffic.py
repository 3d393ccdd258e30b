"""Frames on each veth, so that counters have digits: a host on which all is 0 is written and compressed too fast."""

import random
import socket
from concurrent.futures import ThreadPoolExecutor

from bench.devices import PEER, Devices, veth_name
from bench.netns import entered

MOST_FRAMES = 150
SMALLEST, LARGEST = 60, 1514
# To an address that no bridge forwards (LLDP): each frame is counted on one veth only.
HEADER = bytes.fromhex("0180c200000e 024200000001 88cc")
CLOSERS = 64  # closing a packet socket waits for all CPUs, some milliseconds each


def send_traffic(devices: Devices) -> None:
    """Send some frames out of each container and into it; the caller is in the host's namespace."""
    chance = random.Random(1)  # noqa: S311  the same counters in each run
    sockets = [_socket()]
    for number, sandbox in enumerate(devices.sandboxes):
        _send(sockets[0], veth_name(number), chance)
        with entered(sandbox):
            sockets.append(_socket())
            _send(sockets[-1], PEER, chance)
    with ThreadPoolExecutor(CLOSERS) as pool:
        pool.map(socket.socket.close, sockets)


def _socket() -> socket.socket:
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)


def _send(sock: socket.socket, device: str, chance: random.Random) -> None:
    frame = HEADER + bytes(chance.randint(SMALLEST, LARGEST) - len(HEADER))
    for _ in range(chance.randint(1, MOST_FRAMES)):
        sock.sendto(frame, (device, 0))
