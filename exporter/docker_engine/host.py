"""The address of an engine: the path of a Unix socket, or what docker-py takes."""

import os
import re

from exporter.errors import ConfigError

DEFAULT_HOST = "unix:///var/run/docker.sock"
SOCKET = re.compile(r"unix://(/[^?#;]+)")


def socket_path(url: str) -> str | None:
    """Return the path of the Unix socket; None for another address."""
    found = SOCKET.fullmatch(url or DEFAULT_HOST)
    return found[1] if found else None


def check_host(url: str) -> None:
    """Raise ConfigError for a --docker.host that can never work."""
    if socket_path(url):
        return
    from docker.errors import DockerException
    from docker.utils import parse_host

    try:
        parse_host(url)
    except DockerException as error:
        raise ConfigError(f"--docker.host: {error}") from error


def socket_uid(url: str) -> int | None:
    """Return the owner of an engine's Unix socket: the user of a rootless engine. None where it cannot be read."""
    try:
        return os.stat(socket_path(url) or url).st_uid  # noqa: PTH116  a TCP address is not a path
    except OSError:
        return None
