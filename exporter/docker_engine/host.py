"""The address of an engine: the path of a Unix socket, or what docker-py takes."""

import re

from exporter.errors import ConfigError

DEFAULT_HOST = "unix:///var/run/docker.sock"
SOCKET = re.compile(r"(?:http\+)?unix:///*([^?#;]+)")


def socket_path(url: str) -> str | None:
    """Return the path of the Unix socket; None for another address."""
    found = SOCKET.fullmatch(url or DEFAULT_HOST)
    return f"/{found[1]}" if found else None


def check_host(url: str) -> None:
    """Raise ConfigError for a --docker.host that can never work."""
    if socket_path(url):
        return
    invalid = f"--docker.host: invalid address {url!r}: expected unix://PATH or tcp://HOST:PORT"
    if url.startswith(("unix:", "http+unix:")):  # without a path, which docker-py takes
        raise ConfigError(invalid)
    from docker.errors import DockerException
    from docker.utils import parse_host

    try:
        taken = parse_host(url).startswith(("http://", "https://", "http+unix://"))  # not ssh:// and npipe://
    except (DockerException, ValueError):
        taken = False
    if not taken:
        raise ConfigError(invalid)
