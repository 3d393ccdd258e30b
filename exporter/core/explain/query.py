"""What may be asked about: a port of the host, as people write it."""

import re
from dataclasses import dataclass

PROTOCOLS = ("tcp", "udp", "sctp")
HIGHEST_PORT = 65535
_PORT = re.compile(r"(?:(?P<before>[a-z]+)/)?(?P<port>[0-9]{1,5})(?:/(?P<after>[a-z]+))?")


@dataclass(frozen=True, slots=True)
class Query:
    """A port of the host; `protocol` is '' for whichever has it."""

    protocol: str
    port: int


def parse_query(text: str) -> Query | None:
    """Read 8080, tcp/8080 or 8080/udp; None for what is no port, and may be a container's name."""
    match = _PORT.fullmatch(text.lower())
    if match is None or (match["before"] and match["after"]):
        return None
    protocol, port = match["before"] or match["after"] or "", int(match["port"])
    fits = protocol in ("", *PROTOCOLS) and 0 < port <= HIGHEST_PORT
    return Query(protocol, port) if fits else None
