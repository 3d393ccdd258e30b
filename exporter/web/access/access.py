"""What holds for connections and requests at a moment."""

from dataclasses import dataclass

from exporter.web.access.config import WebConfig
from exporter.web.access.tls import ServerTls


@dataclass(frozen=True, slots=True)
class Access:
    """What the file says, and its TLS made ready."""

    config: WebConfig
    tls: ServerTls | None


EMPTY = WebConfig()
OPEN = Access(EMPTY, None)
