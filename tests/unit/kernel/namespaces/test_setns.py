"""Files of network namespaces: which are opened, and that none blocks."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.kernel.namespaces.setns import opened_netns, run_in_netns

OWN = "/proc/self/ns/net"


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_file_of_a_process_is_opened_and_closed() -> None:
    before = open_descriptors()
    with opened_netns(OWN, follow=True) as descriptor:
        assert os.fstat(descriptor).st_ino == Path(OWN).stat().st_ino
    assert open_descriptors() == before


def test_a_link_is_followed_only_where_it_is_expected() -> None:
    with pytest.raises(OSError, match="Too many levels of symbolic links"), opened_netns(OWN):
        pass


@pytest.mark.parametrize("make", [os.mkfifo, Path.touch, Path.mkdir])
def test_a_file_that_is_not_a_namespace_is_refused_without_blocking(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path, before = tmp_path / "planted", open_descriptors()
    make(path)
    with pytest.raises(OSError, match="Invalid argument") as caught:
        run_in_netns(str(path), lambda: None)
    assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, str(path))
    assert open_descriptors() == before


def test_a_file_that_is_gone_is_named() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        run_in_netns("/nowhere/netns", lambda: None)
    assert caught.value.filename == "/nowhere/netns"
