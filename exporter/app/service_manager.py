"""Readiness for systemd: `Type=notify` of the unit, sd_notify(3)."""

import socket
from collections.abc import Mapping
from typing import Final

from exporter.log import get_logger

VARIABLE: Final = "NOTIFY_SOCKET"
READY: Final = b"READY=1"

log = get_logger(component="service_manager")


def report_ready(environment: Mapping[str, str]) -> None:
    """Report to the service manager that requests are answered; does nothing where none waits for it."""
    if not (address := environment.get(VARIABLE)):
        return
    if address.startswith("@"):  # an abstract address
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(READY, address)
    except OSError as error:
        log.warning("service manager not reached", error=str(error))
