"""A user without privileges who listens 114,000 times: scrapes go on, and others' sockets stay shown."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from exporter.kernel.sockets.selection import MAX_OF_USER
from tests.support.kernel.own_namespace import ip, own_namespace
from tests.support.program import NO_ENGINE, get, listening, on_this_machine, started
from tests.support.waiting import until

LISTENERS, USER = 114_000, 1000
SCRAPES = 10
PORTS = 20_000  # of one address
MEGABYTE = 1 << 20

# Listen so often, in as many processes as the limit of descriptors demands; then renew one each 50 ms.
FLOOD = """
import os, resource, signal, socket, sys, time
wanted, ports = int(sys.argv[1]), int(sys.argv[2])
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 50
os.setgid(1000), os.setuid(1000)
for first in range(0, wanted, limit):
    ready, done = os.pipe()
    if not os.fork():
        kept = []
        for number in range(first, min(wanted, first + limit)):
            sock = socket.socket()
            sock.bind((f"127.0.1.{1 + number // ports}", 20_000 + number % ports))
            sock.listen(1)
            kept.append(sock)
        os.write(done, b"x")
        signal.pause()
    os.read(ready, 1)
print("ready", flush=True)
while True:
    with socket.create_server(("127.0.0.1", 0)):
        time.sleep(0.05)
"""


@contextmanager
def flood() -> Iterator[None]:
    argv = [sys.executable, "-c", FLOOD, str(LISTENERS), str(PORTS)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def scrape(address: str) -> tuple[float, str]:
    began = time.monotonic()
    status, text = get(address, "/metrics")
    assert status == 200, text
    return time.monotonic() - began, text


def value(text: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


def worst(address: str) -> tuple[float, str]:
    """The longest of some scrapes, and the last text."""
    found: list[Any] = [scrape(address) for _ in range(SCRAPES)]
    return max(seconds for seconds, _ in found), found[-1][1]


@pytest.mark.timeout(300)
def test_scrapes_go_on_below_a_second_and_show_the_sockets_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid():
        pytest.skip("a network namespace needs root")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with own_namespace():
        ip("link set lo up")
        began = time.monotonic()
        with started("--docker.host", NO_ENGINE, "--web.listen-address", "127.0.0.1:9714") as process:
            address = listening(process)
            second = on_this_machine(1, began)
            alone, text = worst(address)
            assert value(text, "dockernet_host_listeners_omitted") == 0
            with flood():
                # One of them comes and goes, so the number differs.
                bound = LISTENERS - MAX_OF_USER
                until(lambda: value(scrape(address)[1], "dockernet_host_listeners_omitted") >= bound, 60, "a bound")
                attacked, text = worst(address)
            memory = value(text, "process_resident_memory_bytes") / MEGABYTE
    print(f"scrape alone {alone * 1000:.0f} ms, under attack {attacked * 1000:.0f} ms, {memory:.0f} MiB resident")
    assert re.search(r'^dockernet_host_listener_info\{.*port="9714"', text, re.MULTILINE)
    assert attacked < second
    assert memory < 160
