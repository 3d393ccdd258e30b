"""The access rules in effect for a connection or request."""

from dataclasses import dataclass

from exporter.web.access.config import WebConfig
from exporter.web.access.tls import ServerTls


@dataclass(frozen=True, slots=True)
class Access:
    """The file's settings, and its TLS context."""

    config: WebConfig
    tls: ServerTls | None


EMPTY = WebConfig()
OPEN = Access(EMPTY, None)
