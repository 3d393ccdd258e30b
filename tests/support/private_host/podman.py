"""Podman of Debian 12 on a private host: its service behind Docker's API, with netavark and runc."""

import functools
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from tests.support.private_host import image
from tests.support.private_host.apt import PackageUnavailableError
from tests.support.private_host.engines import DEFAULT
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.packages import require_system_packages, unpacked, version_of
from tests.support.waiting import until

START_SECONDS = 60
PACKAGES = ("podman", "conmon", "runc", "netavark", "aardvark-dns", "golang-github-containers-common")
LIBRARIES = ("libsubid4", "libgpgme11", "libassuan0")
FOLDER = "/run/podman"
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
seccomp_profile = "{seccomp}"
[engine]
cgroup_manager = "cgroupfs"
conmon_path = ["{conmon}"]
events_logger = "file"
helper_binaries_dir = ["{netavark}", "{aardvark}"]
runtime = "runc"
[engine.runtimes]
runc = ["{runc}"]
[network]
network_backend = "netavark"
network_config_dir = "/run/podman/networks"
"""


@dataclass(frozen=True, slots=True)
class Podman:
    """A running service; `client` is Docker's client on its socket."""

    host: PrivateHost
    version: str
    url: str
    client: docker.DockerClient

    def run(self, name: str, *words: str, **options: Any) -> Any:
        """`podman run -d` of the test image; its processes end with the host."""
        parent = f"/{Path(self.url).parent.name}"
        return self.client.containers.run(
            image.NAME, list(words), name=name, detach=True, cgroup_parent=parent, **options
        )


@contextmanager
def podman(host: PrivateHost) -> Iterator[Podman]:
    """Start the service on a host, whose dockerd need not run. Raises PackageUnavailableError."""
    environment, version = _installed(host)
    base = host.docker_url.removesuffix("/docker.sock")
    url = f"{base}/podman.sock"
    storage = ("--root", f"{FOLDER}/storage", "--runroot", f"{FOLDER}/run", "--storage-driver", "vfs")
    words = ("podman", *storage, "--tmpdir", f"{FOLDER}/tmp", "system", "service", "--time", "0", url)
    process = host.popen("env", *(f"{name}={value}" for name, value in environment.items()), *words)
    try:
        until(lambda: Path(url.removeprefix("unix://")).exists(), START_SECONDS, "Podman's socket")
        with closing(docker.DockerClient(url, timeout=START_SECONDS)) as client:
            client.api.load_image(image.archive())
            yield Podman(host, version, url, client)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def _installed(host: PrivateHost) -> tuple[dict[str, str], str]:
    """Write its configuration into the host; its environment and version."""
    folders = _packages()
    home, configuration = host.path(f"{FOLDER}/home/.config/containers"), host.path(f"{FOLDER}/containers.conf")
    home.mkdir(parents=True)
    common = folders["golang-github-containers-common"]
    shutil.copy(common / "etc/containers/policy.json", home)
    configuration.write_text(
        CONFIGURATION.format(
            seccomp=common / "usr/share/containers/seccomp.json",
            conmon=folders["conmon"] / "usr/bin/conmon",
            netavark=folders["netavark"] / "usr/lib/podman",
            aardvark=folders["aardvark-dns"] / "usr/lib/podman",
            runc=folders["runc"] / "usr/sbin/runc",
        )
    )
    environment = {
        "CONTAINERS_CONF": f"{FOLDER}/containers.conf",
        "HOME": f"{FOLDER}/home",
        "LD_LIBRARY_PATH": ":".join(str(next((folders[name] / "usr/lib").glob("*-gnu*"))) for name in LIBRARIES),
        "PATH": f"{folders['podman'] / 'usr/bin'}:{os.environ['PATH']}",
    }
    return environment, version_of(folders["podman"])


@functools.cache
def _packages() -> dict[str, Path]:
    require_system_packages()
    names = (*PACKAGES, *LIBRARIES)
    folders = dict(zip(names, unpacked(DEFAULT, *names), strict=True))
    if not (folders["podman"] / "usr/bin/podman").exists():
        raise PackageUnavailableError("the package podman has no program podman")
    return folders
