"""The Docker engines that tests run on: each from a Debian suite, or built."""

import functools
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.private_host import moby
from tests.support.private_host.apt import PackageUnavailableError
from tests.support.private_host.packages import require_system_packages, unpacked, version_of

# sid moves: what it has today is reported by Engine.version
ENGINES: Final = {"bookworm": "20.10.24", "trixie": "26.1.5", "sid": "28.5.2"}
# with each of its firewall backends
MOBY, MOBY_NFTABLES = "moby", "moby-nftables"
BUILT: Final = {MOBY: "29, iptables", MOBY_NFTABLES: "29, nftables"}
DEFAULT: Final = "bookworm"
RUNTIME: Final = ("containerd", "runc", "tini")
TOOLS: Final = {
    "busybox": "busybox-static",
    "ethtool": "ethtool",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "promtool": "prometheus",
    "strace": "strace",
}
FOLDERS: Final = ("usr/sbin", "usr/bin", "bin", "sbin")
SYSTEM_PATH: Final = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")

# those that live tests are run on; the built ones with DOCKERNET_DOCKER_29=1
TESTED: Final = {**ENGINES, **(BUILT if os.environ.get("DOCKERNET_DOCKER_29") == "1" else {})}

__all__ = ["BUILT", "DEFAULT", "ENGINES", "TESTED", "Engine", "PackageUnavailableError", "engine", "tool"]


@dataclass(frozen=True)
class Engine:
    """A dockerd: `path` is the PATH on which it finds docker-proxy, containerd, runc and iptables.

    `flags` are those that it always needs here, `sysctls` what must be set before it starts.
    """

    suite: str
    version: str
    path: str
    flags: tuple[str, ...] = ()
    sysctls: tuple[str, ...] = ()


@functools.cache
def engine(suite: str = DEFAULT) -> Engine:
    """The docker.io of a Debian suite, with the containerd and runc of the oldest, which all accept; or of BUILT."""
    require_system_packages()
    if suite in BUILT:
        return _built(suite)
    docker, *tools = [*unpacked(suite, "docker.io"), *unpacked(DEFAULT, *RUNTIME)]
    return Engine(suite, version_of(docker), _path([docker, *tools]))


def _built(suite: str) -> Engine:
    [containerd, *tools] = [*unpacked("sid", "containerd"), *unpacked(DEFAULT, *RUNTIME)]
    path = f"{moby.programs()}:{_path([containerd, *tools])}"
    # this runc has no libseccomp
    flags = ("--seccomp-profile=unconfined",)
    if suite == MOBY:
        return Engine(suite, moby.ENGINE_VERSION, path, flags)
    sysctls = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    return Engine(suite, moby.ENGINE_VERSION, path, (*flags, "--firewall-backend=nftables"), sysctls)


@functools.cache
def tool(name: str) -> Path:
    """A program for tests and demos, one of TOOLS; not on PATH, and busybox is the static one."""
    [folder] = unpacked(DEFAULT, TOOLS[name])
    if not (found := shutil.which(name, path=_path([folder]))):
        raise PackageUnavailableError(f"the package {TOOLS[name]} has no program {name}")
    return Path(found)


def _path(packages: list[Path]) -> str:
    folders = [str(package / folder) for package in packages for folder in FOLDERS]
    return ":".join([*folders, *SYSTEM_PATH])
