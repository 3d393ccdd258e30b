"""The health check of a running exporter, for a container's HEALTHCHECK without curl.

The request goes over the loopback, so the certificate is not verified. A demand for a password or for a client
certificate is an answer of a healthy exporter.
"""

import http.client
import ssl

from exporter.config import ListenAddress

HEALTHY_PATH = "/-/healthy"
TIMEOUT_SECONDS = 3.0
# The addresses of an exporter that listens on every address.
LOOPBACK = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
ALIVE = {http.client.OK, http.client.UNAUTHORIZED, http.client.TOO_MANY_REQUESTS}
NOT_TLS = "WRONG_VERSION_NUMBER"  # OpenSSL's reason for a server without TLS


def why_unhealthy(address: ListenAddress, *, try_tls: bool = False) -> str:
    """Return '' when the exporter at that address is healthy, else the reason."""
    host = LOOPBACK.get(address.host, address.host) or ""
    where = f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"
    try:
        status = _request(host, address.port, tls=try_tls)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        return f"{where} does not answer: {getattr(error, 'strerror', '') or error}"
    return "" if status in ALIVE else f"{where}{HEALTHY_PATH} answers with status {status}"


def _request(host: str, port: int, *, tls: bool) -> int:
    """Return the status of the answer. Raises OSError or HTTPException when there is none."""
    connection = _tls_connection(host, port) if tls else _connection(host, port)
    try:
        connection.request("GET", HEALTHY_PATH)
        return connection.getresponse().status
    except (ssl.SSLError, ConnectionResetError) as error:
        if getattr(error, "reason", None) == NOT_TLS:
            return _request(host, port, tls=False)
        if tls:  # it closes the connection without a client certificate
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
