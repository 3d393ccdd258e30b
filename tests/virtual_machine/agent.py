"""Runs in a machine: takes commands from a virtio-serial port and answers, one JSON document a line.

{"id", "argv", "stdin", "seconds"} is answered by {"id", "code", "stdout", "stderr"}; byte strings are in base64. The
document {"id": 0} tells that the agent has started. Standard library only: the machine's own Python runs it.
"""

import base64
import io
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

PORTS = Path("/sys/class/virtio-ports")
TIMED_OUT, NOT_STARTED = 124, 127  # the codes that timeout(1) and the shell give


def port() -> str:
    """The device of the port; udev's link to it is made later."""
    while True:
        for name in PORTS.glob("*/name"):
            if name.read_text().strip() == "agent":
                return f"/dev/{name.parent.name}"
        time.sleep(0.1)


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Run one command to its end; what it started and is left goes with it only when the time is up."""
    try:
        process = subprocess.Popen(
            job["argv"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd="/root",
        )
    except OSError as error:
        return {"code": NOT_STARTED, "stdout": "", "stderr": text(str(error).encode())}
    try:
        out, err = process.communicate(base64.b64decode(job["stdin"]), timeout=job["seconds"])
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        code = TIMED_OUT
    return {"code": code, "stdout": text(out), "stderr": text(err)}


def text(data: bytes) -> str:
    """Bytes as JSON has them."""
    return base64.b64encode(data).decode()


def main() -> None:
    """Answer until the machine ends."""
    # opened once: a second open of such a port is refused
    with open(port(), "r+b", buffering=0) as raw:  # noqa: PTH123  a device
        raw.write(b'{"id": 0}\n')
        for line in io.BufferedReader(raw):
            job = json.loads(line)
            rest = memoryview(json.dumps({"id": job["id"], **answer(job)}).encode() + b"\n")
            while rest:
                rest = rest[raw.write(rest) :]


if __name__ == "__main__":
    main()
