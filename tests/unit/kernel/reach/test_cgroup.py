"""The cgroup of version 2 in /proc/PID/cgroup."""

import pytest

from exporter.kernel.reach.cgroup import parse_unified


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("0::/system.slice/docker-1.scope\n", "/system.slice/docker-1.scope"),
        ("9:pids:/a\n0::/\n", "/"),
        ("9:pids:/a\n", ""),
        ("0::/../../docker/1\n", ""),
        ("", ""),
    ],
)
def test_the_path_of_version_2(text: str, path: str) -> None:
    assert parse_unified(text) == path
