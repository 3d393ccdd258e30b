"""The dockerd of a private host: its command line, when it answers, and its end."""

import os
import select
import shutil
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.support.private_host.engines import Engine
from tests.support.waiting import until

START_SECONDS = 60
END_SECONDS = 60
# the installed engine's place, so that a SandboxKey looks as usual; /run is the host's own
EXEC_ROOT = "/var/run/docker"
DATA_ROOT = "/run/docker-data"
LOG_TAIL = 3000


def command(engine: Engine, base: Path, flags: Sequence[str]) -> list[str]:
    """Everything a second dockerd must have of its own, and nothing from this machine's configuration."""
    configuration = base / "daemon.json"
    configuration.write_text("{}")
    # the pid of a zombie in it makes dockerd refuse to start
    (base / "pid").unlink(missing_ok=True)
    return [
        shutil.which("dockerd", path=engine.path) or "dockerd",
        f"--host=unix://{base}/docker.sock",
        f"--pidfile={base}/pid",
        f"--config-file={configuration}",
        f"--data-root={DATA_ROOT}",
        f"--exec-root={EXEC_ROOT}",
        f"--init-path={shutil.which('tini-static', path=engine.path)}",
        f"--cgroup-parent=/{base.name}",
        # systemd's driver takes only a slice as parent
        "--exec-opt=native.cgroupdriver=cgroupfs",
        *engine.flags,
        *flags,
    ]


class Dockerd:
    """A running dockerd; it is no child of this process."""

    def __init__(self, pid: int, base: Path) -> None:
        self.pid = pid
        self._base = base
        self._fd = os.pidfd_open(pid)

    def wait_for_answer(self) -> None:
        """Until the API answers; RuntimeError with the end of the log when dockerd ends instead."""
        until(self._answers, START_SECONDS, "dockerd answers")

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it is gone."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._fd, number)

    def kill(self, number: signal.Signals) -> None:
        """Send a signal that ends it, and wait until it is gone."""
        self.send(number)
        if not self.ended(END_SECONDS):
            raise TimeoutError(f"dockerd goes on after {number.name}")

    def ended(self, seconds: float = 0) -> bool:
        """Whether it is gone, or goes within so many seconds."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def close(self) -> None:
        """Let go of the process, whether it runs or not."""
        os.close(self._fd)

    def _answers(self) -> bool:
        if self.ended():
            raise RuntimeError("dockerd ended:\n" + (self._base / "dockerd.log").read_text()[-LOG_TAIL:])
        with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
            # it accepts at once, and answers when all containers are loaded
            connection.settimeout(START_SECONDS)
            connection.connect(str(self._base / "docker.sock"))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
        return False
