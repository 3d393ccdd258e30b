"""What holds for connections and requests at a moment."""

from dataclasses import dataclass

from exporter.web.access.tls import ServerTls
from exporter.web.access.web_config import WebConfig


@dataclass(frozen=True, slots=True)
class Access:
    """What the file says, and its TLS made ready."""

    config: WebConfig
    tls: ServerTls | None


EMPTY = WebConfig()
OPEN = Access(EMPTY, None)
