"""The program as its own process."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("dockernet-exporter"))


NO_ENGINE = "unix:///nowhere/docker.sock"


LOOPBACK = ("--web.listen-address", "127.0.0.1:0")


@contextmanager
def started(*flags: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A running program, logging to its standard error as JSON."""
    argv = [COMMAND, "--log.format", "json", *flags]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}) as process:
        try:
            yield process
        finally:
            process.kill()


def listening(process: subprocess.Popen[str]) -> str:
    """Wait until it listens; one of the addresses."""
    assert process.stderr
    for line in process.stderr:
        entry = json.loads(line)
        if entry["event"] == "listening":
            return str(entry["addresses"][0])
    raise AssertionError(f"it ended with {process.wait()}")


def on_this_machine(seconds: float, began: float) -> float:
    """How long this may take where the program, whose start began then, has taken so long until it listens."""
    return seconds + 2 * (time.monotonic() - began)


def get(address: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
