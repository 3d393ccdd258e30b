"""A connection to an engine by docker-py, and its failures under one name."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException
from docker.transport import UnixHTTPAdapter
from docker.utils import parse_host

from exporter.errors import ConfigError, EngineError

DEFAULT_HOST = "unix:///var/run/docker.sock"


def check_host(url: str) -> None:
    """Raise ConfigError for a --docker.host that can never work."""
    try:
        parse_host(url)
    except DockerException as error:
        raise ConfigError(f"--docker.host: {error}") from error


def connect(host: str, seconds: float) -> Any:
    """Return docker-py's low-level client with this time-out.

    It asks for the version at once, and so raises docker-py's errors.
    """
    # 'auto' asks the engine and so does I/O; the newest API of every engine is understood by parse.py.
    client = docker.APIClient(base_url=host, version="auto", timeout=seconds)
    _keep_one_connection(client)
    return client


def _keep_one_connection(client: Any) -> None:
    """docker-py keeps a connection for each path that it asked over a unix socket, 25 of them whatever it is told."""
    adapter = client.get_adapter(client.base_url)
    if isinstance(adapter, UnixHTTPAdapter):
        one = UnixHTTPAdapter(f"http+unix://{adapter.socket_path}", client.timeout, pool_connections=1)
        client.mount("http+docker://", one)
        adapter.close()


@contextmanager
def engine_errors() -> Iterator[None]:
    """Raise EngineError for all that docker-py raises, which are requests' and urllib3's errors beside its own."""
    try:
        yield
    except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, ValueError, OSError) as error:
        _let_go(error)
        raise EngineError(_one_line(error)) from error


def _let_go(error: BaseException | None) -> None:
    """Clear what the frames of a failure hold: docker-py leaves a socket that did not connect to the garbage collector.

    That comes seldom here, and an engine may be away for days.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _one_line(error: BaseException) -> str:
    """Of a nested exception text the innermost: 'No such file or directory' and not five classes around it."""
    while isinstance(cause := error.__cause__ or error.__context__, BaseException) and not isinstance(error, APIError):
        error = cause
    return " ".join(str(error).split()) or type(error).__name__
