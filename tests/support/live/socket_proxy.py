"""A stand-in for wollomatic/socket-proxy: the flags of its that deploy/ uses, one request for each connection.

Runs alone in an image, without this repository.
"""

import os
import re
import socket
import sys
import threading

ENGINE = "/var/run/docker.sock"
HEAD_BYTES, PIECE = 1 << 16, 1 << 16
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def serve(endpoint: str, mode: int, allowed: dict[str, str]) -> None:
    """Listen until killed."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(endpoint)
    os.chmod(endpoint, mode)  # noqa: PTH101  nothing but the standard library is here, and Paths are not needed
    listener.listen()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=answer, args=(client, allowed), daemon=True).start()


def answer(client: socket.socket, allowed: dict[str, str]) -> None:
    """Pass a request on whose path is allowed for its method; refuse all else."""
    head = b""
    with client, socket.socket(socket.AF_UNIX) as engine:
        while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
            piece = client.recv(PIECE)
            if not piece:
                return
            head += piece
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode().split(" ")
        if method not in allowed or not re.fullmatch(allowed[method], target.partition("?")[0]):
            client.sendall(REFUSED)
            return
        engine.connect(ENGINE)
        engine.sendall(line + b"\r\nConnection: close\r\n" + re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", rest))
        while piece := engine.recv(PIECE):
            client.sendall(piece)


if __name__ == "__main__":
    flags = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
    patterns = {name.removeprefix("allow"): pattern for name, pattern in flags.items() if name.startswith("allow")}
    serve(flags["proxysocketendpoint"], int(flags["proxysocketendpointfilemode"], 8), patterns)
