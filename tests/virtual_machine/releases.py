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
    "procps",
    "python3-venv",
    "systemd-sysv",
    "udev",
)
KERNEL: Final = "linux-image-cloud-amd64"
FIREWALLD: Final = ("firewalld",)
PODMAN: Final = ("aardvark-dns", "crun", "netavark", "nftables", "podman")
ROOTLESS: Final = ("dbus-user-session", "libpam-systemd", "rootlesskit", "slirp4netns", "uidmap")
NOT_ENABLED: Final = ("firewalld.service", "podman.socket", "podman.service", "podman-restart.service")


@dataclass(frozen=True)
class Release:
    """A Debian release with its engine, systemd and Python, and its own kernel or the newest of another suite."""

    kernel: str
    suite: str
    packages: tuple[str, ...]
    kernel_suite: str = ""

    @property
    def name(self) -> str:
        """Its name in the cache; none is the beginning of another up to a hyphen."""
        return f"{self.suite}+{self.kernel_suite}" if self.kernel_suite else self.suite


RELEASES: Final = {
    release.kernel: release
    for release in (
        Release("6.1", "bookworm", (*PACKAGES, KERNEL)),
        Release("6.12", "trixie", (*PACKAGES, KERNEL, "docker-cli", *FIREWALLD, *PODMAN, *ROOTLESS)),
        Release("7", "trixie", (*PACKAGES, "docker-cli", "initramfs-tools"), kernel_suite="sid"),
    )
}
