"""Documents of a running exporter, over HTTP. Its answers are input like any other: limited in time and size."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp

from exporter.cli.progress import progress
from exporter.cli.remote_options import PASSWORD_VARIABLE
from exporter.errors import ConfigError, RemoteError

PAUSE_SECONDS = 1.0
DEADLINE_SECONDS = 15.0
MAX_BYTES = 32 * 1024 * 1024
MAX_REASON_BYTES = 1024
STATUSES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "authentication required: http://NAME@HOST:9714 with --password-file or "
    f"{PASSWORD_VARIABLE}",
    HTTPStatus.NOT_FOUND: "page not found (not a dockernet-exporter, or a different version?)",
    HTTPStatus.MISDIRECTED_REQUEST: "unknown host name: start that exporter with --web.allowed-host",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests: try again",
    HTTPStatus.SERVICE_UNAVAILABLE: "the exporter is busy: try again",
}
REJECTED = f"name or password rejected: the password is that of --password-file or {PASSWORD_VARIABLE}"
BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

T = TypeVar("T")


class _BusyError(RemoteError):
    """The exporter answers too many others."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A running exporter: `base` is its URL without credentials; `use_proxy` takes a proxy from the environment."""

    base: str
    authorization: str | None = field(default=None, repr=False)
    use_proxy: bool = False


def parse_remote(url: str, password: str | None = None, *, in_argv: bool = True, use_proxy: bool = False) -> Remote:
    """Check a URL with an optional user; `in_argv`: every user of the host can read it, so it has no password.

    Raises ConfigError, whose text has no password.
    """
    try:
        parts = urlsplit(url)
        base = _base(parts)
    except ValueError:
        base = ""
    if not base:
        raise ConfigError("--url: invalid URL: expected http://HOST:9714")
    if parts.password is not None and in_argv:
        raise ConfigError(
            "--url: a password on the command line is visible to other users: use --password-file or "
            f"{PASSWORD_VARIABLE}"
        )
    if not parts.username:
        return Remote(base, use_proxy=use_proxy)
    secret = unquote(parts.password) if parts.password is not None else password
    if secret is None:
        secret = os.environ.get(PASSWORD_VARIABLE, "")
    return Remote(base, aiohttp.encode_basic_auth(unquote(parts.username), secret, encoding="utf-8"), use_proxy)


def get_json(
    remote: Remote,
    path: str,
    parse: Callable[[Any], T],
    deadline: float = DEADLINE_SECONDS,
    pause: float = PAUSE_SECONDS,
) -> T:
    """GET a JSON document and parse it; from an exporter that is busy again after each pause, until the deadline.

    Both in seconds. Raises RemoteError with one line for whatever fails.
    """
    try:
        return parse(json.loads(asyncio.run(_get_when_free(remote, path, deadline, pause))))
    except json.JSONDecodeError as error:
        raise RemoteError(f"{remote.base}{path}: response is not JSON (not a dockernet-exporter?)") from error
    except TimeoutError as error:
        raise RemoteError(f"{remote.base}: no complete response within {deadline:.0f} seconds") from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise RemoteError(f"{remote.base}: certificate not trusted; SSL_CERT_FILE names its authority") from error
    except aiohttp.ClientSSLError as error:
        raise RemoteError(f"{remote.base}: TLS failed: try http:// if it serves without TLS") from error
    except aiohttp.ClientConnectionError as error:
        raise RemoteError(f"{remote.base}: connection failed{_reason(error)}") from error
    except aiohttp.ClientError as error:
        raise RemoteError(f"{remote.base}: request failed: {type(error).__name__}") from error
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        raise RemoteError(f"{remote.base}{path}: unexpected response (different version?)") from error


def poll_until(
    fetch: Callable[[], T], is_complete: Callable[[T], bool], seconds: float, pause: float = PAUSE_SECONDS
) -> T:
    """Fetch until a value is complete, or for so long; return the last one."""
    deadline = time.monotonic() + seconds
    with progress() as report:
        report("waiting for the exporter")
        while not is_complete(value := fetch()) and time.monotonic() < deadline:
            time.sleep(pause)
    return value


async def _get_when_free(remote: Remote, path: str, deadline: float, pause: float) -> bytes:
    ends = time.monotonic() + deadline
    while True:
        try:
            return await _get(remote, path, deadline)
        except _BusyError:
            if time.monotonic() + pause > ends:
                raise
            await asyncio.sleep(pause)


async def _get(remote: Remote, path: str, deadline: float) -> bytes:
    """Return the body. Raises RemoteError, TimeoutError or aiohttp's errors."""
    headers = {"Accept-Encoding": "identity"}
    if remote.authorization:
        headers["Authorization"] = remote.authorization
    async with (
        asyncio.timeout(deadline),
        aiohttp.ClientSession(trust_env=remote.use_proxy, auto_decompress=False, headers=headers) as session,
        session.get(remote.base + path, allow_redirects=False) as response,
    ):
        if response.status != HTTPStatus.OK:
            denied = REJECTED if response.status == HTTPStatus.UNAUTHORIZED and remote.authorization else ""
            text = denied or STATUSES.get(response.status, "") or await _reason_of(response)
            raise (_BusyError if response.status in BUSY else RemoteError)(f"{remote.base}: {text}")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BYTES:
                raise RemoteError(f"{remote.base}{path}: response larger than {MAX_BYTES // 1024 // 1024} MiB")
        return bytes(body)


async def _reason_of(response: aiohttp.ClientResponse) -> str:
    """The line with which an exporter refuses a query; else the status."""
    line = b""
    if response.status == HTTPStatus.BAD_REQUEST and response.content_type == "text/plain":
        line = (await response.content.read(MAX_REASON_BYTES)).partition(b"\n")[0]
    return line.decode(errors="replace") or f"unexpected status {response.status}"


def _reason(error: aiohttp.ClientConnectionError) -> str:
    """Return ': Connection refused' and the like; '' where the system gave no reason."""
    cause = getattr(error, "os_error", None)
    if not isinstance(cause, OSError) or cause.errno is None:
        return ""
    # Of a name that does not resolve the number is negative: gai_strerror(3).
    return f": {os.strerror(cause.errno) if cause.errno > 0 else cause.strerror}"


def _base(parts: SplitResult) -> str:
    """Return scheme, host, port and path without credentials, '' for what is not a URL of HTTP. Raises ValueError."""
    host, port = parts.hostname, parts.port
    if not host or parts.scheme not in ("http", "https"):
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
