"""Ask a running exporter whether it lives: what a container's HEALTHCHECK needs where there is no curl.

It asks itself on the loopback, so a certificate is not checked; a demand for a password or for a certificate of ours
is an answer of something that lives.
"""

import http.client
import ssl

from exporter.config import ListenAddress

HEALTHY_PATH = "/-/healthy"
TIMEOUT_SECONDS = 3.0
# Where an exporter that listens on every address is asked.
LOOPBACK = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
ALIVE = {http.client.OK, http.client.UNAUTHORIZED, http.client.TOO_MANY_REQUESTS}
NO_TLS_THERE = "WRONG_VERSION_NUMBER"  # OpenSSL's name for what looks like no TLS at all


def why_unhealthy(address: ListenAddress, *, try_tls: bool = False) -> str:
    """Ask the exporter that listens there; '' when it is healthy, else the reason in a few words."""
    host = LOOPBACK.get(address.host, address.host) or ""
    where = f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"
    try:
        status = _ask(host, address.port, tls=try_tls)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        return f"{where} does not answer: {getattr(error, 'strerror', '') or error}"
    return "" if status in ALIVE else f"{where}{HEALTHY_PATH} answers with status {status}"


def _ask(host: str, port: int, *, tls: bool) -> int:
    """Return the status of the answer. Raises OSError or HTTPException when there is none."""
    connection = _tls_connection(host, port) if tls else _connection(host, port)
    try:
        connection.request("GET", HEALTHY_PATH)
        return connection.getresponse().status
    except (ssl.SSLError, ConnectionResetError) as error:
        if getattr(error, "reason", None) == NO_TLS_THERE:
            return _ask(host, port, tls=False)
        if tls:  # it has no word for us without a certificate of ours, and ends the connection
            return http.client.UNAUTHORIZED
        raise
    finally:
        connection.close()


def _connection(host: str, port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)


def _tls_connection(host: str, port: int) -> http.client.HTTPConnection:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
