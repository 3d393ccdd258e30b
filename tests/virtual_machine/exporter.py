"""The exporter of this checkout in a machine, installed as docs/deployment.md does it."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support.live.exposed import Metrics
from tests.support.waiting import until
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.root import REPOSITORY

UNIT: Final = "dockernet-exporter.service"
UNITS: Final = REPOSITORY / "deploy/systemd"
VENV: Final = "/opt/dockernet-exporter"
PROGRAM: Final = f"{VENV}/bin/dockernet-exporter"
SYSTEMD: Final = "/etc/systemd/system"


def install(machine: Machine) -> None:
    """Install a wheel of this checkout and start its unit."""
    with tempfile.TemporaryDirectory() as folder:
        build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
        subprocess.run([*build, "--wheel-dir", folder, str(REPOSITORY)], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        machine.put(f"/tmp/{wheel.name}", wheel.read_bytes())
    pip = (f"{VENV}/bin/pip", "install", "--quiet", "--no-deps", "--no-index", f"/tmp/{wheel.name}")
    machine.run(*pip)
    for name in (UNIT, "dockernet-exporter.socket"):
        machine.put(f"{SYSTEMD}/{name}", (UNITS / name).read_bytes())
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", "--quiet", UNIT)
    wait_until_ready(machine)


def add_drop_in(machine: Machine, *names: str) -> None:
    """Add drop-ins of deploy/systemd and start the unit anew."""
    for name in names:
        machine.put(f"{SYSTEMD}/{UNIT}.d/{name}", (UNITS / name).read_bytes())
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)
    wait_until_ready(machine)


def start(machine: Machine, url: str, user: str = "root") -> None:
    """Start an exporter as a user on the socket of another engine, in place of the unit's."""
    machine.run("systemctl", "stop", "dockernet-exporter.socket", UNIT)
    machine.run("systemctl", "stop", "other-exporter.service", check=False)
    machine.run("systemd-run", "--quiet", "--unit", "other-exporter", f"--uid={user}", PROGRAM, "--docker.host", url)
    wait_until_ready(machine)


def command(machine: Machine, url: str, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run a command of the exporter as a user on an engine's socket."""
    return machine.run("runuser", "-u", user, "--", PROGRAM, "--docker.host", url, *words, check=False)


def wait_until_ready(machine: Machine) -> None:
    """Wait until the exporter has what the engine knows."""
    until(lambda: _get(machine, "/-/ready", check=False).returncode == 0, PATIENCE_SECONDS, "a ready exporter")


def get(machine: Machine, path: str) -> str:
    """The body of a path of the exporter, asked from inside the machine.

    Asked again where there is none: on a busy machine an observation may take longer than the exporter waits for it.
    """
    answers: list[str] = []

    def answered() -> bool:
        done = _get(machine, path, check=False)
        answers[:] = [done.stdout]
        return done.returncode == 0

    until(answered, PATIENCE_SECONDS, f"an answer to {path}")
    return answers[0]


def metrics(machine: Machine) -> Metrics:
    """Scrape."""
    return Metrics(get(machine, "/metrics"))


def properties(machine: Machine, *names: str) -> dict[str, str]:
    """Properties of the unit, by systemctl."""
    shown = machine.shell(f"systemctl show --property={','.join(names)} {UNIT}")
    return dict(line.split("=", 1) for line in shown.splitlines())


def status(machine: Machine) -> dict[str, str]:
    """/proc/PID/status of its process."""
    pid = properties(machine, "MainPID")["MainPID"]
    lines = machine.get(f"/proc/{pid}/status").decode().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def degraded(machine: Machine) -> set[tuple[str, str]]:
    """Collector and reason of what the exporter lacks."""
    found = metrics(machine).series("dockernet_collector_degraded")
    return {(labels["collector"], labels["reason"]) for labels, value in found if value}


def _get(machine: Machine, path: str, *, check: bool) -> subprocess.CompletedProcess[str]:
    return machine.run("curl", "-sS", "--fail", "--max-time", "120", f"http://127.0.0.1:9714{path}", check=check)
