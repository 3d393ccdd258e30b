"""Send a name server the requests for a name's addresses, from the calling thread's network namespace.

The C library's resolver would use the files of this process.
"""

import secrets
import select
import socket
import time

from exporter.core.reach.tried import FAILED, NOERROR, TIMED_OUT, NameAnswer
from exporter.kernel.reach.probe.dns import AAAA, A, Answer, encode_question, encode_request, parse_answer
from exporter.kernel.reach.probe.sockets import endpoint, open_socket, outcome_of, read_offender, wait_for

PORT = 53
MAX_DATAGRAM = 4096
KINDS = (AAAA, A)  # in the order in which a client uses the addresses
SECOND_ANSWER_SECONDS = 1.0  # some servers drop the request for IPv6 addresses


def resolve(server: str, name: str, seconds: float, port: int = PORT) -> NameAnswer:
    """Resolve one name at one server over UDP, in `seconds` at most. The socket's errors are the `rcode`."""
    started = time.monotonic()
    rcode, answers = FAILED, {}
    try:
        with open_socket(server, socket.SOCK_DGRAM) as sock:
            sock.connect(endpoint(server, port))
            rcode, answers = TIMED_OUT, _exchange(sock, name, started + seconds)
    except OSError as error:
        rcode = outcome_of(error.errno or 0)[0]
    except ValueError:
        rcode = FAILED
    found = [answers[kind] for kind in KINDS if kind in answers]
    codes = [answer.rcode for answer in found]
    return NameAnswer(
        server=server,
        rcode=NOERROR if NOERROR in codes else codes[-1] if codes else rcode,
        addresses=tuple(address for answer in found for address in answer.addresses),
        seconds=time.monotonic() - started,
    )


def _exchange(sock: socket.socket, name: str, ends: float) -> dict[int, Answer]:
    """Return the answers by type that arrive in time. Raises OSError for an error before the first one."""
    first = secrets.randbits(15)
    requests = {first + place: (kind, encode_question(name, kind)) for place, kind in enumerate(KINDS)}
    for identifier, (_, question) in requests.items():
        sock.send(encode_request(identifier, question))
    answers: dict[int, Answer] = {}
    while len(answers) < len(KINDS) and wait_for(sock, select.POLLIN, ends - time.monotonic()):
        try:
            data = sock.recv(MAX_DATAGRAM)
        except BlockingIOError:
            read_offender(sock)
            continue
        except OSError:
            if answers:
                break
            raise
        parsed = _match(data, requests)
        if parsed is not None:
            answers.setdefault(*parsed)
            ends = min(ends, time.monotonic() + SECOND_ANSWER_SECONDS)
    return answers


def _match(data: bytes, requests: dict[int, tuple[int, bytes]]) -> tuple[int, Answer] | None:
    """Return the type of the request that a datagram answers, and the answer; None for any other datagram."""
    identifier = int.from_bytes(data[:2], "big")
    if identifier not in requests:
        return None
    kind, question = requests[identifier]
    try:
        return kind, parse_answer(data, identifier, question)
    except ValueError:
        return None
