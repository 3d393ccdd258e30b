"""docker-py's transport, for an engine that listens on TCP, with TLS or without."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import docker
import requests.adapters
import urllib3
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import DockerException
from docker.tls import TLSConfig

from exporter.docker_engine.budget import Budget, BudgetResponse
from exporter.docker_engine.tls import EngineTls
from exporter.docker_engine.transport import Answer, Params

PIECE = 1 << 16
IDENTITY = {"Accept-Encoding": "identity"}  # a small answer must not become a large one


class TcpAdapter(requests.adapters.HTTPAdapter):
    """Makes connections whose answers are within the budget."""

    def __init__(self, budget: Budget) -> None:
        response = partial(BudgetResponse, budget=budget)

        class Pool(urllib3.HTTPConnectionPool):
            def _new_conn(self) -> Any:
                connection = super()._new_conn()
                connection.response_class = response  # type: ignore[attr-defined]
                return connection

        class TlsPool(urllib3.HTTPSConnectionPool):
            def _new_conn(self) -> Any:
                connection = super()._new_conn()
                connection.response_class = response  # type: ignore[attr-defined]
                return connection

        super().__init__(pool_connections=1)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}


class TcpTransport:
    """A `Transport`."""

    def __init__(self, host: str, timeout: float, budget: Budget, tls: EngineTls | None) -> None:
        self._timeout = timeout
        with _os_errors():
            # With a version given it does no I/O: docker-py would read an endless answer for it.
            self._client = docker.APIClient(
                base_url=host,
                version=DEFAULT_DOCKER_API_VERSION,
                timeout=timeout,
                tls=_configuration(tls) if tls else False,
            )
        # The environment names other authorities (REQUESTS_CA_BUNDLE), which requests would prefer.
        self._client.trust_env = tls is None
        old = self._client.get_adapter(self._client.base_url)
        self._client.mount(f"{self._client.base_url.partition(':')[0]}://", TcpAdapter(budget))
        old.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    @contextmanager
    def get(self, path: str, params: Params, read_timeout: float, *, stream: bool) -> Iterator[Answer]:
        """Send a request; see `Transport`."""
        with _os_errors():
            answer = self._client.get(
                f"{self._client.base_url}{path}",
                params=params,
                stream=True,
                timeout=(self._timeout, read_timeout),
                allow_redirects=False,
                headers=IDENTITY,
            )
            with answer:
                yield Answer(answer.status_code, answer.headers, _pieces(answer, stream=stream))


def _configuration(tls: EngineTls) -> TLSConfig:
    client = tuple(map(str, tls.client)) if tls.client else None
    return TLSConfig(client_cert=client, ca_cert=str(tls.ca), verify=True)


def _pieces(answer: requests.Response, *, stream: bool) -> Iterator[bytes]:
    with _os_errors():
        pieces = answer.iter_content(None) if stream else answer.raw.stream(PIECE, decode_content=False)
        yield from iter(lambda: next(pieces, b""), b"")


@contextmanager
def _os_errors() -> Iterator[None]:
    """Raise what docker-py and urllib3 raise as an OSError, as requests does; a time-out as such."""
    try:
        yield
    except urllib3.exceptions.ReadTimeoutError as error:
        raise TimeoutError("timed out") from error
    except requests.ConnectionError as error:
        _clear_frames(error)
        if isinstance(error.args[0] if error.args else None, urllib3.exceptions.ReadTimeoutError):
            raise TimeoutError("timed out") from error
        raise
    except (DockerException, urllib3.exceptions.HTTPError) as error:
        _clear_frames(error)
        raise OSError(str(error)) from error


def _clear_frames(error: BaseException | None) -> None:
    """Clear what the frames of a failure hold: docker-py leaves a socket that did not connect to the garbage collector.

    That runs seldom here, and an engine may be away for days.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
