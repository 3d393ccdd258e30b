"""The access rules in effect for a connection or request."""

from msgspec import Struct

from exporter.web.access.config import WebConfig
from exporter.web.access.tls import ServerTls


class Access(Struct, frozen=True):
    """The file's settings, and its TLS context."""

    config: WebConfig
    tls: ServerTls | None


EMPTY = WebConfig()
OPEN = Access(EMPTY, None)
