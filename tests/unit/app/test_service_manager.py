import socket
from pathlib import Path

import pytest

from exporter.app.service_manager import report_ready


@pytest.mark.parametrize("abstract", [False, True])
def test_a_service_manager_that_waits_gets_one_datagram(tmp_path: Path, *, abstract: bool) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waiting:
        waiting.settimeout(10)
        waiting.bind("\0" + path if abstract else path)
        report_ready({"NOTIFY_SOCKET": f"@{path}" if abstract else path})
        assert waiting.recv(100) == b"READY=1"
        waiting.settimeout(0)
        with pytest.raises(BlockingIOError):
            waiting.recv(100)


def test_nothing_is_sent_where_no_service_manager_waits() -> None:
    report_ready({})
    report_ready({"NOTIFY_SOCKET": ""})


def test_a_service_manager_that_has_gone_does_not_end_the_exporter(tmp_path: Path) -> None:
    report_ready({"NOTIFY_SOCKET": str(tmp_path / "none")})
