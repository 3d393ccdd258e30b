"""A rootless Docker in a machine: the engine of a user, in namespaces that rootlesskit makes."""

from dataclasses import dataclass
from typing import Final

from tests.support.private_host import image
from tests.support.waiting import until
from tests.virtual_machine import containers
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.machine import Machine

USER: Final = "dev"
UID: Final = 1000
RUNTIME: Final = f"/run/user/{UID}"
URL: Final = f"unix://{RUNTIME}/docker.sock"
DOCKERD: Final = "/usr/share/docker.io/contrib/dockerd-rootless.sh"
# As its own unit has it: on a slow machine containerd may take longer than dockerd waits for it.
RESTARTED: Final = "--property=Restart=always"
MAKE_USER: Final = f"""\
modprobe tun
useradd --create-home --uid {UID} --shell /bin/sh {USER}
loginctl enable-linger {USER}
"""


@dataclass(frozen=True, slots=True)
class Rootless:
    """The engine, whose socket its user and root may use."""

    machine: Machine

    def docker(self, *words: str, stdin: bytes = b"") -> str:
        """Run docker as the user."""
        return self.machine.run(*as_user("docker", "--host", URL, *words), stdin=stdin).stdout.strip()

    def run(self, name: str, *options: str, command: tuple[str, ...] = ("sleep", "100000")) -> None:
        """`docker run --detach`."""
        self.docker("run", "--detach", "--name", name, *options, containers.IMAGE, *command)

    def within(self, *words: str) -> tuple[str, ...]:
        """The command that runs one in the engine's user, mount and network namespaces, as the user."""
        pid = self.machine.shell(f"cat {RUNTIME}/docker.pid")
        enter = ("nsenter", "--user", "--preserve-credentials", "--mount", "--net", "--target", pid, "--")
        return as_user(*enter, *words)


def rootless(machine: Machine) -> Rootless:
    """Start the engine of a user beside that of the machine."""
    machine.shell(MAKE_USER)
    until(lambda: machine.run("test", "-S", f"{RUNTIME}/bus", check=False).returncode == 0, PATIENCE_SECONDS, "the bus")
    machine.run(*as_user("systemd-run", "--user", "--quiet", "--unit", "docker", RESTARTED, DOCKERD))
    engine = Rootless(machine)
    ping = as_user("docker", "--host", URL, "info")
    until(lambda: machine.run(*ping, check=False).returncode == 0, PATIENCE_SECONDS, "the rootless engine")
    engine.docker("load", stdin=image.archive())
    return engine


def as_user(*words: str) -> tuple[str, ...]:
    """The command with the environment of the user's session."""
    environment = (f"XDG_RUNTIME_DIR={RUNTIME}", f"DBUS_SESSION_BUS_ADDRESS=unix:path={RUNTIME}/bus")
    path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    return ("runuser", "-u", USER, "--", "env", f"HOME=/home/{USER}", path, *environment, *words)
