"""Signals of the running program, a kernel read that hangs included."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from threading import Thread

import pytest

from tests.support.program import LOOPBACK, NO_ENGINE, get, listening, on_this_machine, started
from tests.support.waiting import until

FLAGS = ("--docker.host", NO_ENGINE, *LOOPBACK)
SECONDS = 60
# A second thread signals itself once the main thread sleeps in epoll_wait(2).
WAITING = """
import asyncio, pathlib, signal, threading
from exporter.app.signals import handle_signals, waking

def main_thread_sleeps():
    stat = pathlib.Path("/proc/self/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "S"

def signal_itself():
    print("waiting", flush=True)
    while not main_thread_sleeps():
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

async def main():
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    handle_signals(lambda: loop.call_soon_threadsafe(stopped.set), None)
    with waking(loop):
        loop.call_soon(threading.Thread(target=signal_itself, daemon=True).start)
        await stopped.wait()

asyncio.run(main())
"""


@contextmanager
def hanging(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program in whose host the count of connections is a FIFO to which nothing is written."""
    folder = tmp_path / "sys/net/netfilter"
    folder.mkdir(parents=True)
    (tmp_path / "self").touch()
    fifo = folder / "nf_conntrack_count"
    os.mkfifo(fifo)
    with started(*FLAGS, "--path.procfs", str(tmp_path)) as process:
        address = listening(process)
        Thread(target=lambda: suppressed(address), daemon=True).start()
        writer = until(lambda: opened_for_writing(fifo), SECONDS, "a reader of the FIFO")
        try:
            yield process, address
        finally:
            process.kill()
            os.close(writer)


def opened_for_writing(fifo: Path) -> int:
    """A descriptor; 0 while no process reads."""
    with suppress(OSError):
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    return 0


def suppressed(address: str) -> None:
    """Scrape; the answer does not matter."""
    with suppress(OSError, HTTPException):
        get(address, "/metrics")


HANGING = """
import os, threading
from exporter.app.signals import handle_signals
stop = threading.Event()
handle_signals(stop.set, None)
threading.Thread(target=os.read, args=(os.pipe()[0], 1)).start()
print("ready", flush=True)
stop.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_thread_that_hangs_in_a_system_call_does_not_keep_the_process(number: signal.Signals) -> None:
    """The interpreter waits for its threads, and this one never ends."""
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", HANGING], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            five_seconds = on_this_machine(5, began)
            process.send_signal(number)
            assert process.wait(five_seconds) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_five_seconds_while_a_kernel_read_hangs(tmp_path: Path, number: signal.Signals) -> None:
    began = time.monotonic()
    with hanging(tmp_path) as (process, _):
        five_seconds = on_this_machine(5, began)
        process.send_signal(number)
        assert process.wait(five_seconds) == 0


def test_a_signal_that_another_thread_receives_ends_it_too() -> None:
    """Python runs the handler in the main thread only, which waits in its event loop without a deadline."""
    program = [sys.executable, "-c", WAITING]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "waiting\n"
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


def test_health_and_readiness_are_answered_while_a_kernel_read_hangs(tmp_path: Path) -> None:
    with hanging(tmp_path) as (_, address):
        assert get(address, "/-/healthy") == (200, "healthy\n")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_a_signal_that_asks_for_nothing_does_not_end_it(number: signal.Signals) -> None:
    with started(*FLAGS) as process:
        address = listening(process)
        process.send_signal(number)
        assert get(address, "/-/healthy") == (200, "healthy\n")
        assert process.poll() is None


def test_sighup_reloads_the_web_configuration_at_once(tmp_path: Path) -> None:
    config = tmp_path / "web.yml"
    config.write_text("http_server_config:\n  http2: true\n")
    with started(*FLAGS, "--web.config.file", str(config)) as process:
        listening(process)
        assert process.stderr
        config.write_text("http_server_config:\n  http2: nonsense\n")
        process.send_signal(signal.SIGHUP)
        assert any("nonsense" in line for line in process.stderr)  # without a connection
