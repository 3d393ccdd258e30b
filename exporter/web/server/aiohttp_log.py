"""What aiohttp says of requests: a malformed one is the client's affair, an exception is ours."""

import logging

import structlog
from aiohttp.http_exceptions import HttpProcessingError

log = structlog.get_logger(component="web")


class Complaints(logging.Handler):
    """Passes aiohttp's entries on to the log of the exporter."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log malformed requests in one line, and only for who wants details."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            log.debug("malformed request", reason=error.message.partition("\n")[0])
        elif record.levelno >= logging.ERROR:
            log.error(record.getMessage(), exc_info=error)
        else:
            log.debug(record.getMessage())


def logger() -> logging.Logger:
    """Return the logger for aiohttp's server."""
    made = logging.Logger("exporter.web", logging.DEBUG)  # noqa: LOG001  nobody else has it, and no set-up reaches it
    made.addHandler(Complaints())
    return made
