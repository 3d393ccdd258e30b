"""Ask a running exporter over HTTP for what it sees on its host."""

import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from exporter.errors import RemoteError

PAUSE_SECONDS = 1.0
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 15.0
STATUSES = {
    requests.codes.unauthorized: "wants a name and a password: http://NAME:PASSWORD@HOST:9714",
    requests.codes.not_found: "has no such page: is it a dockernet-exporter of this version?",
}

T = TypeVar("T")


def ask(url: str, path: str, parse: Callable[[Any], T]) -> T:
    """GET a JSON document below `url` and parse it. Raises RemoteError; a password is in no message."""
    where = _place(url)
    try:
        answer = requests.get(url.rstrip("/") + path, timeout=(CONNECT_SECONDS, ANSWER_SECONDS))
        if answer.status_code != requests.codes.ok:
            raise RemoteError(f"{where} {STATUSES.get(answer.status_code, f'answers with {answer.status_code}')}")
        return parse(answer.json())
    except requests.JSONDecodeError as error:
        raise RemoteError(f"{where}{path} is no JSON: is it a dockernet-exporter?") from error
    except requests.exceptions.SSLError as error:
        raise RemoteError(f"{where}: its certificate is not trusted; REQUESTS_CA_BUNDLE names the authority") from error
    except requests.ConnectionError as error:
        raise RemoteError(f"{where} cannot be reached") from error
    except requests.Timeout as error:
        raise RemoteError(f"{where} does not answer within {ANSWER_SECONDS:.0f} seconds") from error
    except requests.RequestException as error:
        raise RemoteError(f"{where} cannot be asked: {type(error).__name__}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RemoteError(f"{where}{path} is not what a dockernet-exporter of this version tells") from error


def ask_until(question: Callable[[], T], enough: Callable[[T], bool], seconds: float) -> T:
    """Ask again until an answer is enough, or for so long; the last answer."""
    deadline = time.monotonic() + seconds
    while not enough(answer := question()) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return answer


def _place(url: str) -> str:
    """Return scheme, host and port. Raises RemoteError for what is no URL of HTTP."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https"):
        raise RemoteError("--url is no URL such as http://HOST:9714")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"
