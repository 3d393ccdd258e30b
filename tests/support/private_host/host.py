"""A private Docker host."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker

from tests.support.private_host import cgroups, image, namespaces, remains
from tests.support.private_host.dockerd import Dockerd, command
from tests.support.private_host.engines import Engine
from tests.support.private_host.engines import engine as engine_of

REPOSITORY = Path(__file__).parents[3]
UNSHARE = ("unshare", "--net", "--mount", "--uts", "--propagation", "private")
API_SECONDS = 60
RUN_SECONDS = 60
CLOSE_SECONDS = 90


class PrivateHost:
    """Namespaces for network, mounts and the host name, made at once, and a dockerd in them, which `start` starts.

    All of it goes with `close` or with this process, however that dies; but a process forked from this one without an
    exec, as by multiprocessing, keeps it alive.
    """

    def __init__(
        self, name: str = "host", engine: Engine | None = None, flags: Sequence[str] = (), *, uplink: bool = True
    ) -> None:
        remains.sweep()
        self.engine = engine or engine_of()
        self.flags = tuple(flags)
        self._dockerd: Dockerd | None = None
        self._clients: dict[float, Any] = {}
        self._processes: list[subprocess.Popen[Any]] = []
        self._base, lock = remains.new_folder()
        self.docker_url = f"unix://{self._base}/docker.sock"
        try:
            self._holder = _hold(self._base, lock, name, uplink=uplink)
        finally:
            os.close(lock)
        self.pid = self._holder.pid
        try:
            self.outside_pid = self._answer()
        except RuntimeError:
            self.close()
            raise

    def start(self, flags: Sequence[str] | None = None) -> Self:
        """Start dockerd and wait until it answers; `flags` stand in for those of the host."""
        if self.running:
            raise RuntimeError("dockerd runs already")
        self._forget_dockerd()
        if self.engine.sysctls:
            self.run("sysctl", "--quiet", "--write", *self.engine.sysctls)
        argv = command(self.engine, self._base, self.flags if flags is None else flags)
        job = {"argv": [*cgroups.joining(self._base.name), *argv], "env": {"PATH": self.engine.path}}
        self._ask({**job, "log": str(self._log)})
        self._dockerd = Dockerd(self._answer(), self._base)
        self._dockerd.wait_for_answer()
        return self

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End dockerd alone, and wait until it is gone."""
        if not self._dockerd:
            raise RuntimeError("dockerd does not run")
        self._dockerd.kill(number)
        self._forget_dockerd()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Stop dockerd for the length of a with block: its socket accepts and nobody answers."""
        if not self._dockerd:
            raise RuntimeError("dockerd does not run")
        self._dockerd.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self._dockerd.send(signal.SIGCONT)

    @property
    def running(self) -> bool:
        """Whether dockerd runs."""
        return self._dockerd is not None and not self._dockerd.ended()

    def load_image(self) -> Self:
        """Make `busybox:local` known to dockerd."""
        self.api().load_image(image.archive())
        return self

    def client(self, timeout: float = API_SECONDS) -> docker.DockerClient:
        """The client with this time-out, shared by all who ask; closed when dockerd ends."""
        if timeout not in self._clients:
            self._clients[timeout] = docker.DockerClient(self.docker_url, timeout=timeout)
        return self._clients[timeout]

    def api(self, timeout: float = API_SECONDS) -> docker.APIClient:
        """The same, low-level."""
        return self.client(timeout).api

    def run(
        self,
        *argv: str,
        check: bool = True,
        timeout: float = RUN_SECONDS,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        outside: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the host to its end, or at the far end of the uplink; `env` is added to the environment."""
        return subprocess.run(
            self._inside(argv, outside=outside),
            check=check,
            timeout=timeout,
            env={**os.environ, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
        )

    def popen(self, *argv: str, outside: bool = False, **options: Any) -> subprocess.Popen[Any]:
        """Start a command in the host, or at the far end of the uplink; its pid is the command's own.

        It and what it starts are killed with the host. `options` are those of subprocess.Popen.
        """
        self._processes.append(process := subprocess.Popen(self._inside(argv, outside=outside), **options))
        return process

    def netns(self) -> AbstractContextManager[None]:
        """Put this thread alone into the host's network namespace; sockets opened there stay there."""
        return namespaces.netns(self.pid)

    def path(self, path: str) -> Path:
        """A file of the host, such as a SandboxKey, as seen from this process."""
        # resolved first: below /proc/PID/root the link /var/run -> /run would lead to this machine's /run
        return Path(f"/proc/{self.pid}/root{Path(path).resolve()}")

    def log(self) -> str:
        """All that dockerd has said."""
        return self._log.read_text()

    def close(self) -> None:
        """Kill everything and leave nothing."""
        self._forget_dockerd()
        for pipe in (self._holder.stdin, self._holder.stdout):
            if pipe:
                pipe.close()
        self._holder.wait(CLOSE_SECONDS)
        # nothing is left to remove, unless the holder was killed
        remains.remove(self._base)
        for process in self._processes:
            process.wait(CLOSE_SECONDS)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _log(self) -> Path:
        return self._base / "dockerd.log"

    def _inside(self, argv: Sequence[str], *, outside: bool) -> list[str]:
        entering = namespaces.inside(self.outside_pid if outside else self.pid)
        return [*cgroups.joining(self._base.name), *entering, *argv]

    def _forget_dockerd(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._dockerd:
            self._dockerd.close()
        self._dockerd = None

    def _ask(self, request: Mapping[str, Any]) -> None:
        if self._holder.stdin:
            self._holder.stdin.write(json.dumps(request) + "\n")
            self._holder.stdin.flush()

    def _answer(self) -> int:
        if not (self._holder.stdout and (line := self._holder.stdout.readline())):
            raise RuntimeError("the holder of the host is dead; its error is above")
        return int(line)


def _hold(base: Path, lock: int, name: str, *, uplink: bool) -> subprocess.Popen[str]:
    arguments = [str(base), str(lock), name, "uplink" if uplink else ""]
    return subprocess.Popen(
        [*UNSHARE, sys.executable, "-m", "tests.support.private_host.holder", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[lock],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        # Ctrl-C in a terminal is for this process; the holder still has to clean up after it
        start_new_session=True,
    )
