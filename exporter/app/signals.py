"""Signals: SIGTERM and SIGINT stop the process, SIGHUP reloads, SIGUSR1 and SIGUSR2 are ignored."""

import os
import signal
import threading
from collections.abc import Callable

from exporter.log import get_logger

# Just under the 5 s that a test waits; systemd and Docker wait for 90 s and 10 s.
MAX_STOP_SECONDS = 4.0

log = get_logger(component="daemon")


def handle_signals(stop: Callable[[], object], reload: Callable[[], object] | None) -> None:
    """Install the handlers; to be called by the main thread. They run there, between two system calls.

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
