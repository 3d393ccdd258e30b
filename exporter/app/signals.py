"""Signals: SIGTERM and SIGINT stop the process, SIGHUP reloads, SIGUSR1 and SIGUSR2 are ignored."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exporter.log import get_logger

# Just under the 5 s that a test waits; systemd and Docker wait for 90 s and 10 s.
MAX_STOP_SECONDS = 4.0

log = get_logger(component="daemon")


@contextmanager
def waking(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Wake the main thread's event loop at each signal, since Python runs handlers only in the main thread.

    The kernel may deliver a signal to another thread, or just before the main thread waits: the handler would then run
    at the loop's next event, which on a host without scrapes may never come.
    """
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    with reader, writer:
        loop.add_reader(reader, reader.recv, 4096)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            loop.remove_reader(reader)


def handle_signals(stop: Callable[[], object], reload: Callable[[], object] | None) -> None:
    """Install the handlers; to be called by the main thread. They run there, between two instructions of Python.

    `stop` is called once. What has not ended MAX_STOP_SECONDS later is given up: a thread that hangs in a system call
    would otherwise keep the process.
    """
    stopping = threading.Event()

    def on_stop(*_: object) -> None:
        if not stopping.is_set():
            stopping.set()
            exit_later()
            stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_stop)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if reload is None else lambda *_: reload())


def exit_later() -> None:
    """End the process after MAX_STOP_SECONDS, whatever its threads do."""
    timer = threading.Timer(MAX_STOP_SECONDS, _exit)
    timer.daemon = True
    timer.start()


def _exit() -> None:
    names = sorted(thread.name for thread in threading.enumerate() if thread is not threading.current_thread())
    log.warning("threads did not end, exiting", threads=names)
    os._exit(0)
