"""A virtual environment with the wheel and what requirements.lock holds, and nothing of the checkout."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "dockernet-exporter"
TIMEOUT = 60


class CheckFailedError(Exception):
    """The installed exporter does not do what it should; the text says what."""


class CleanInstall:
    """The environment, without pip, and commands that run outside of the checkout."""

    def __init__(self, folder: Path) -> None:
        """`folder` is an empty one."""
        self.folder = folder
        self.python = folder / "venv/bin/python"
        self._exporter = str(folder / f"venv/bin/{NAME}")
        venv.create(folder / "venv", with_pip=False)

    def install(self, lock: Path, wheels: Path, version: str) -> None:
        """Install what the lock holds, then the exporter from a folder of wheels."""
        self._pip("install", "--no-deps", "--require-hashes", "--requirement", str(lock))
        self._pip("install", "--no-deps", "--no-index", "--find-links", str(wheels), f"{NAME}=={version}")
        self._pip("check")

    def check(self, version: str) -> None:
        """Raises CheckFailedError unless the version, the help and a scrape are right."""
        expect(f"{NAME} {version}", self._output(self._exporter, "--version"))
        expect("Usage: dockernet-exporter check", self._output(self._exporter, "check", "--help"))
        package = (
            "import exporter, pathlib; print(*sorted(p.name for p in pathlib.Path(exporter.__file__).parent.iterdir()))"
        )
        expect(" py.typed ", self._output(str(self.python), "-c", package))
        with self._served() as address:
            exposition = scrape(f"http://{address}/metrics")
        expect("\ndockernet_up 0.0\n", exposition)
        expect(f'version="{version}"', exposition)

    def _pip(self, *arguments: str) -> None:
        pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(self.python))
        subprocess.run((*pip, *arguments), check=True, cwd=self.folder)

    def _output(self, *argv: str) -> str:
        return subprocess.run(
            argv,
            check=True,
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT,
        ).stdout

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}

    @contextmanager
    def _served(self) -> Iterator[str]:
        """The exporter on a free port of the loopback interface, without an engine."""
        options = (
            *("--web.listen-address", "127.0.0.1:0", "--log.format", "json"),
            *("--docker.host", f"unix://{self.folder}/absent.sock"),
        )
        argv = (self._exporter, *options)
        with subprocess.Popen(
            argv, cwd=self.folder, env=self._environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                yield listening_address(process)
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=TIMEOUT)
        expect("exit code 0", f"exit code {process.returncode}")


def listening_address(process: "subprocess.Popen[str]") -> str:
    """The address in the log entry that the exporter writes when it listens."""
    assert process.stderr  # noqa: S101
    for line in process.stderr:
        entry = json.loads(line)
        if entry["event"] == "listening":
            return str(entry["addresses"][0])
    raise CheckFailedError(f"the exporter ended with exit code {process.wait(TIMEOUT)} and does not listen")


def scrape(url: str) -> str:
    """The exposition."""
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        return str(response.read().decode())


def expect(part: str, text: str) -> None:
    """Raises CheckFailedError unless `text` contains `part`."""
    if part not in text:
        raise CheckFailedError(f"expected {part.strip()!r}, got {text[-1000:]!r}")
