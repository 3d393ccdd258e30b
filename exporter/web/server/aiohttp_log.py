"""aiohttp's log entries in the exporter's log: a malformed request is a debug entry, an exception an error."""

import logging

from aiohttp.http_exceptions import HttpProcessingError

from exporter.log import get_logger

log = get_logger(component="web")


class AiohttpLogHandler(logging.Handler):
    """Passes aiohttp's entries on to the exporter's log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log an entry; a malformed request in one line, at level debug."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            log.debug("malformed request", reason=error.message.partition("\n")[0])
        elif record.levelno >= logging.ERROR:
            log.error(record.getMessage(), exc_info=error)
        else:
            log.debug(record.getMessage())


def logger() -> logging.Logger:
    """Return the logger for aiohttp's server."""
    made = logging.Logger("exporter.web", logging.DEBUG)  # noqa: LOG001  outside the hierarchy: no set-up reaches it
    made.addHandler(AiohttpLogHandler())
    return made
