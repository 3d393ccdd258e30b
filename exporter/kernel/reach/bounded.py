"""Run a read that may never return: a file can be on a file system that a hung program or server answers."""

import errno
import threading
from collections.abc import Callable
from typing import TypeVar

SECONDS = 1.0

T = TypeVar("T")


class BoundedReader:
    """Runs one read at a time, in a thread. One that hangs keeps its thread, and no second one is started."""

    def __init__(self) -> None:
        self._free = threading.Lock()

    def run(self, read: Callable[[], T], seconds: float = SECONDS) -> T:
        """Return what it returns, raise the OSError that it raises; TimeoutError when it takes longer."""
        answer: list[T] = []
        failure: list[Exception] = []

        def work() -> None:
            try:
                answer.append(read())
            except Exception as error:  # noqa: BLE001  raised again in the caller's thread
                failure.append(error)
            finally:
                self._free.release()

        if not self._free.acquire(timeout=seconds):
            raise TimeoutError(errno.ETIMEDOUT, "an earlier read has not returned")
        thread = threading.Thread(target=work, name="bounded", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            raise TimeoutError(errno.ETIMEDOUT, f"the file system has not answered for {seconds:g} s")
        if failure:
            raise failure[0]
        return answer[0]
