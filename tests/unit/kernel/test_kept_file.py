"""A file that stays open shows what it holds at each reading."""

import os
from pathlib import Path

import pytest

from exporter.kernel.kept_file import KeptFile


def test_each_reading_is_of_the_present_content_and_the_file_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def counted(path: str, flags: int) -> int:
        opened.append(path)
        return original(path, flags)

    original = os.open
    monkeypatch.setattr(os, "open", counted)
    path = tmp_path / "setting"
    file = KeptFile(path)
    for text in ("1\n", "22\n", "\n", "", "names\n1 2\n3 4\n"):
        path.write_text(text)
        assert file.read() == text
    assert opened.count(str(path)) == 1
    file.close()


def test_one_that_is_not_there_is_looked_for_again(tmp_path: Path) -> None:
    file = KeptFile(tmp_path / "later")
    with pytest.raises(FileNotFoundError):
        file.read()
    (tmp_path / "later").write_text("7\n")
    assert file.read() == "7\n"
    file.close()


def test_a_reading_that_fails_opens_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel refuses to read a setting of a module that was unloaded."""
    (tmp_path / "setting").write_text("7\n")
    file = KeptFile(tmp_path / "setting")
    assert file.read() == "7\n"

    def gone(*_: object) -> bytes:
        raise FileNotFoundError

    with monkeypatch.context() as patched:
        patched.setattr(os, "pread", gone)
        with pytest.raises(FileNotFoundError):
            file.read()
    (tmp_path / "setting").unlink()
    (tmp_path / "setting").write_text("8\n")
    assert file.read() == "8\n"
    file.close()
