"""A running machine: commands, files, and its end."""

import base64
import itertools
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from tests.virtual_machine import qemu
from tests.virtual_machine.lines import PATIENCE_SECONDS, Lines
from tests.virtual_machine.monitor import Monitor

ANSWER_SECONDS: Final = 60  # beyond a command's own time
CONSOLE_BYTES: Final = 3000


class Machine:
    """A qemu process, ended by `close` or with this process, however that dies; it leaves no file.

    `disk` is an open qcow2 image that the machine writes to. It goes on from a snapshot that is named, else it boots.
    """

    def __init__(self, root: Path, disk: IO[bytes], snapshot: str | None = None, network: int | None = None) -> None:
        self._numbers = itertools.count(1)
        self._console = tempfile.TemporaryFile()  # noqa: SIM115  closed with the machine
        (agent, far_agent), (monitor, far_monitor) = socket.socketpair(), socket.socketpair()
        with far_agent, far_monitor:
            handed = (disk.fileno(), far_agent.fileno(), far_monitor.fileno())
            files = qemu.Descriptors(*handed, network)
            self.process = subprocess.Popen(
                qemu.command(root, files, qemu.accelerator(), snapshot),
                pass_fds=[*handed, *([] if network is None else [network])],
                stdin=subprocess.DEVNULL,
                # Ctrl-C is for the tests, and the scheduler gives each session a share of its own
                start_new_session=True,
                stdout=self._console,
                stderr=self._console,
            )
        self._agent, self._monitor_lines = Lines(agent), Lines(monitor)
        try:
            self.monitor = Monitor(self._monitor_lines)
            if snapshot:
                self.run("date", "--utc", f"--set=@{time.time():.0f}")  # it was that of the snapshot
            else:
                self._agent.receive(PATIENCE_SECONDS)
        except BaseException as error:
            error.add_note(self.console())
            self.close()
            raise

    def run(
        self, *argv: str, stdin: bytes = b"", check: bool = True, seconds: float = PATIENCE_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end as root; the code is 124 when its time was up, and CalledProcessError if `check`."""
        done = self._ask(argv, stdin, seconds)
        result = subprocess.CompletedProcess(argv, done.returncode, done.stdout.decode(), done.stderr.decode())
        if check and result.returncode:
            error = subprocess.CalledProcessError(result.returncode, argv, result.stdout, result.stderr)
            error.add_note(f"{result.stdout[-2000:]}\n{result.stderr[-2000:]}")
            raise error
        return result

    def shell(self, script: str, *, check: bool = True, seconds: float = PATIENCE_SECONDS) -> str:
        """Run a script by sh; what it prints, without the last line end."""
        return self.run("sh", "-euc", script, check=check, seconds=seconds).stdout.rstrip("\n")

    def put(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Write a file of the machine, with the folders above it."""
        self.run("install", "-D", "--mode", f"{mode:o}", "/dev/stdin", path, stdin=content)

    def get(self, path: str) -> bytes:
        """The content of a file of the machine."""
        done = self._ask(("cat", path), b"", PATIENCE_SECONDS)
        if done.returncode:
            raise FileNotFoundError(done.stderr.decode())
        return done.stdout

    def console(self) -> str:
        """The end of what the kernel and qemu said."""
        size = os.fstat(self._console.fileno()).st_size
        return os.pread(self._console.fileno(), CONSOLE_BYTES, max(size - CONSOLE_BYTES, 0)).decode(errors="replace")

    def close(self) -> None:
        """End the machine."""
        self.process.kill()
        self.process.wait()
        self._agent.close()
        self._monitor_lines.close()
        self._console.close()

    def _ask(self, argv: tuple[str, ...], stdin: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
        number = next(self._numbers)
        job = {"id": number, "argv": argv, "stdin": base64.b64encode(stdin).decode(), "seconds": seconds}
        self._agent.send(job, seconds + ANSWER_SECONDS)
        try:
            while (answer := self._agent.receive(seconds + ANSWER_SECONDS))["id"] != number:
                pass  # of a command that this side no longer waited for
        except EOFError as error:
            error.add_note(self.console())
            raise
        stdout, stderr = (base64.b64decode(answer[name]) for name in ("stdout", "stderr"))
        return subprocess.CompletedProcess(argv, answer["code"], stdout, stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
