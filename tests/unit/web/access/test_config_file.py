"""The file of the web configuration is read on the event loop, whatever it has become."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.errors import ConfigError
from exporter.web.access.config_file import MAX_BYTES, WebConfigFile

VALID = "http_server_config: {http2: false}\nrate_limit: {interval: 1s, burst: 7}\n"


def large(path: Path) -> None:
    path.write_text(VALID + "#" * MAX_BYTES)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "not a regular file": os.mkfifo,
    "not a regular file, but a device": lambda path: path.symlink_to("/dev/zero"),
    f"larger than {MAX_BYTES} bytes": large,
}


@pytest.mark.parametrize("problem", HOSTILE)
def test_a_file_that_has_no_end_is_refused_and_the_last_valid_state_stays(tmp_path: Path, problem: str) -> None:
    path = tmp_path / "web.yml"
    path.write_text(VALID)
    file = WebConfigFile(path)
    path.unlink()
    HOSTILE[problem](path)
    with capture_logs() as entries:
        assert [file.access().config.rate_limit.burst for _ in range(3)] == [7] * 3  # type: ignore[union-attr]
    assert [entry["problem"] for entry in entries] == [problem.partition(",")[0]]
    with pytest.raises(ConfigError):
        WebConfigFile(path)
