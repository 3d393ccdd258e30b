"""What counting takes, with the socket families that the unit permits."""

import errno
import socket

import pytest

from exporter.kernel.connections.programs import read_host
from tests.support.rule_files import REPOSITORY

UNIT = REPOSITORY / "deploy/systemd/dockernet-exporter.service"
SETTING = "RestrictAddressFamilies="


def test_the_network_namespace_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    [setting] = (line for line in UNIT.read_text().splitlines() if line.startswith(SETTING))
    permitted, made = setting.removeprefix(SETTING).split(), socket.socket

    def make(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        if family.name not in permitted:
            raise OSError(errno.EAFNOSUPPORT, "refused by the unit")
        return made(family, kind)

    monkeypatch.setattr(socket, "socket", make)
    assert read_host().netns_cookie
