"""What a scrape asks of the kernel, counted by strace and not timed.

Calls for locks and for the time are left out: how many there are depends on the machine. A change of more than a tenth
either way fails: record a lower figure, too, so that the next rise is seen.
"""

import http.client
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.kernel.own_namespace import own_namespace
from tests.support.private_host.engines import tool
from tests.support.program import listening
from tests.support.waiting import until

pytestmark = pytest.mark.integration

TOLERANCE = 0.1
SCRAPES = 40
RECORDED = 59.5
TIMING = {"futex", "clock_gettime", "sched_yield", "restart_syscall"}
VETHS = 20
# What is not everywhere allowed, and so would count differently.
FLAGS = ("--no-collector.connections", "--no-collector.bind-failures", "--web.listen-address=127.0.0.1:0")


def calls_of(trace: Path) -> Counter[str]:
    """How often each call began; a line is `PID NAME(ARGUMENTS...` or `PID <... NAME resumed>...`."""
    names = (line.split(None, 1)[-1].partition("(")[0] for line in trace.read_text(errors="replace").splitlines())
    return Counter(name for name in names if name.isidentifier() and name not in TIMING)


def scrape(address: str, count: int) -> None:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    headers = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}
    for _ in range(count):
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    connection.close()


def test_a_scrape_makes_as_many_system_calls_as_recorded(tmp_path: Path) -> None:
    strace, trace = str(tool("strace")), tmp_path / "trace"
    with own_namespace(), FakeEngine(tmp_path) as engine:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for number in range(VETHS):
            subprocess.run(["ip", "link", "add", f"a{number}", "type", "veth", "peer", f"b{number}"], check=True)
        engine.appear()
        program = (sys.executable, "-m", "exporter", "--log.format=json", f"--docker.host={engine.url}", *FLAGS)
        argv = (strace, "-f", "-qq", "-o", str(trace), *program)
        with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
            try:
                address = listening(process)
                until(lambda: _is_ready(address), 60, "ready")
                scrape(address, 5)
                before = calls_of(trace)
                scrape(address, SCRAPES)
                found = calls_of(trace) - before
            finally:
                os.killpg(process.pid, signal.SIGTERM)  # strace itself would leave the exporter running
    each = {name: count / SCRAPES for name, count in found.most_common()}
    assert sum(each.values()) == pytest.approx(RECORDED, rel=TOLERANCE), each


def _is_ready(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == http.client.OK
    finally:
        connection.close()
