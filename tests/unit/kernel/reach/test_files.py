"""Files of a container that holds anything: only a regular file inside its root is read, and only its beginning."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.core.reach.view import FILES, Unread
from exporter.kernel import root_files
from exporter.kernel.reach.files import MAX_BYTES, read_files, read_inside
from exporter.kernel.reach.parts import read_part

NAME = "etc/resolv.conf"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("secret\n")
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/run").mkdir()
    (tmp_path / "1").mkdir()
    (tmp_path / "1/root").symlink_to(tmp_path / "root")
    return tmp_path / "root"


@pytest.fixture
def opened(root: Path) -> Iterator[int]:
    descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def test_both_files_are_read_and_no_descriptor_stays(root: Path) -> None:
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert read_files(root.parent, 1) == ("127.0.0.1 localhost\n", None)
    (root / "etc/resolv.conf").write_text("")
    assert read_files(root.parent, 1) == ("127.0.0.1 localhost\n", "")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("target", ["/run/resolv.conf", "../run/resolv.conf", "../../../run/resolv.conf"])
def test_a_link_is_followed_inside_of_the_root(root: Path, opened: int, target: str) -> None:
    (root / "run/resolv.conf").write_text("nameserver 192.0.2.53\n")
    (root / NAME).symlink_to(target)
    assert read_inside(opened, NAME) == "nameserver 192.0.2.53\n"


def test_a_link_does_not_leave_the_root(root: Path, opened: int) -> None:
    for target in ("../../outside", str(root.parent / "outside"), "/proc/self/environ", "loop", "/dev/zero"):
        (root / NAME).symlink_to(target)
        (root / "etc/loop").unlink(missing_ok=True)
        (root / "etc/loop").symlink_to("resolv.conf")
        assert read_inside(opened, NAME) is None
        (root / NAME).unlink()


def test_a_folder_a_fifo_and_a_socket_are_not_read(root: Path, opened: int) -> None:
    (root / NAME).mkdir()
    assert read_inside(opened, NAME) is None
    (root / NAME).rmdir()
    os.mkfifo(root / NAME)
    assert read_inside(opened, NAME) is None
    (root / NAME).unlink()
    assert read_inside(opened, NAME) is None
    (root / "etc").rename(root / "elsewhere")
    (root / "etc").write_text("no folder")
    assert read_inside(opened, NAME) is None


def test_a_large_file_is_cut_off(root: Path, opened: int) -> None:
    (root / NAME).write_bytes(b"#" * (1 << 20))
    assert read_inside(opened, NAME) == "#" * MAX_BYTES
    with (root / NAME).open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert read_inside(opened, NAME) == "\0" * MAX_BYTES


def test_a_file_of_the_kernel_is_not_read() -> None:
    """It is a regular file of size 0; one of tracefs waits for an event."""
    descriptor = os.open("/", os.O_PATH | os.O_DIRECTORY)
    assert read_inside(descriptor, "proc/version") == ""
    os.close(descriptor)


def test_a_magic_link_is_not_followed() -> None:
    descriptor = os.open("/", os.O_PATH | os.O_DIRECTORY)
    assert read_inside(descriptor, f"proc/{os.getpid()}/exe") is None
    assert read_inside(descriptor, f"proc/{os.getpid()}/root/etc/passwd") is None
    os.close(descriptor)


def test_magic_links_are_excluded_by_name(root: Path, opened: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Today's kernels follow none with RESOLVE_IN_ROOT either; openat2(2) does not promise that."""
    flags = []
    openat2 = root_files._openat2

    def called(folder: int, path: str, mode: int, resolve: int) -> int:
        flags.append(resolve)
        return openat2(folder, path, mode, resolve)

    monkeypatch.setattr(root_files, "_openat2", called)
    (root / NAME).write_text("")
    assert read_inside(opened, NAME) == ""
    assert flags == [0x02 | 0x10]


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_text(root: Path, opened: int, content: bytes) -> None:
    (root / NAME).write_bytes(content)
    found = read_inside(opened, NAME)
    assert found == content.decode("utf-8", "replace")


def test_a_kernel_without_openat2_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_files, "OPENAT2", 100_000)
    found = read_part(FILES, "the files", "CAP_SYS_PTRACE", lambda: read_files(root.parent, 1))
    assert found == Unread(FILES, f"the files cannot be read: openat2: {os.strerror(errno.ENOSYS)}")


def test_a_process_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_files(tmp_path, 4711)
