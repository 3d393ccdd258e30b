"""The query of `explain`: a port of the host."""

import re
from dataclasses import dataclass

PROTOCOLS = ("tcp", "udp", "sctp")
MAX_PORT = 65535
_PORT = re.compile(r"(?:(?P<before>[a-z]+)/)?(?P<port>[0-9]{1,5})(?:/(?P<after>[a-z]+))?")


@dataclass(frozen=True, slots=True)
class Query:
    """A port of the host; `protocol` is '' for any."""

    protocol: str
    port: int


def parse_query(text: str) -> Query | None:
    """Parse 8080, tcp/8080 or 8080/udp; None for anything else, which may be a container's name."""
    match = _PORT.fullmatch(text.lower())
    if match is None or (match["before"] and match["after"]):
        return None
    protocol, port = match["before"] or match["after"] or "", int(match["port"])
    fits = protocol in ("", *PROTOCOLS) and 0 < port <= MAX_PORT
    return Query(protocol, port) if fits else None
