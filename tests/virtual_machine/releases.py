"""The Debian releases that machines run, by the series of their kernel."""

from dataclasses import dataclass
from typing import Final

PACKAGES: Final = (
    "apparmor",
    "curl",
    "dbus",
    "docker.io",
    "iproute2",
    "iptables",
    "kmod",
    "linux-image-cloud-amd64",
    "procps",
    "python3-venv",
    "systemd-sysv",
    "udev",
)


@dataclass(frozen=True)
class Release:
    """A Debian release with its own kernel, engine, systemd and Python."""

    kernel: str
    suite: str
    packages: tuple[str, ...]


RELEASES: Final = {
    release.kernel: release
    for release in (
        Release("6.1", "bookworm", PACKAGES),
        Release("6.12", "trixie", (*PACKAGES, "docker-cli")),
    )
}
