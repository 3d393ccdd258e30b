"""A read that hangs: it costs its part, and one thread until it returns."""

import threading
from collections.abc import Iterator

import pytest

from exporter.core.reach.view import FILES, Unread
from exporter.kernel.reach.bounded import BoundedReader
from exporter.kernel.reach.parts import read_part
from tests.support.waiting import until


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_what_a_read_returns_and_raises_is_the_callers() -> None:
    reader, before = BoundedReader(), threading.active_count()

    def fail() -> None:
        raise PermissionError("planted")

    assert reader.run(lambda: 7) == 7
    with pytest.raises(PermissionError, match="planted"):
        reader.run(fail)
    assert reader.run(lambda: 8) == 8
    assert threading.active_count() == before


def test_a_read_that_hangs_is_given_up_and_no_second_one_is_started(hung: threading.Event) -> None:
    reader, before = BoundedReader(), threading.active_count()
    found = read_part(FILES, "the files", "CAP_SYS_PTRACE", lambda: reader.run(hung.wait, 0.01))
    assert found == Unread(FILES, "the files cannot be read: the file system has not answered for 0.01 s")
    for _ in range(3):
        with pytest.raises(TimeoutError, match="an earlier read has not returned"):
            reader.run(lambda: 7, 0.01)
    assert threading.active_count() == before + 1
    hung.set()
    until(lambda: threading.active_count() == before, 60, "the end of the thread")
    assert reader.run(lambda: 7) == 7
