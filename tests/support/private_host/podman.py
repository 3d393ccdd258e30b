"""Podman of a Debian suite on a private host: its service behind Docker's API, with netavark and runc."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from tests.support.private_host import image
from tests.support.private_host.debian_root import IN_ROOT, PLACE, enter_root
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.uplink import OUTSIDE_ADDRESS
from tests.support.waiting import until

SUITES = {"bookworm": "4.3.1", "trixie": "5.4.2"}
START_SECONDS = 60
PACKAGES = ("aardvark-dns", "netavark", "podman", "runc")
FOLDER = "/run/podman"
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
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
def podman(host: PrivateHost, suite: str) -> Iterator[Podman]:
    """Start the service on a host, whose dockerd need not run. Raises PackageUnavailableError."""
    enter_root(host, suite, "podman", PACKAGES)
    host.path(FOLDER).mkdir()
    host.path(f"{FOLDER}/containers.conf").write_text(CONFIGURATION)
    # Podman's name server does not start without the file
    host.path(f"{PLACE}/etc/resolv.conf").write_text(f"nameserver {OUTSIDE_ADDRESS}\n")
    environment = (f"CONTAINERS_CONF={FOLDER}/containers.conf", "HOME=/root", "PODMAN_IGNORE_CGROUPSV1_WARNING=1")
    url = f"{host.docker_url.removesuffix('/docker.sock')}/podman.sock"
    storage = ("--root", f"{FOLDER}/storage", "--runroot", f"{FOLDER}/run", "--storage-driver", "vfs")
    words = ("podman", *storage, "--tmpdir", f"{FOLDER}/tmp", "system", "service", "--time", "0", url)
    process = host.popen(*IN_ROOT, *environment, *words)
    try:
        until(lambda: Path(url.removeprefix("unix://")).exists(), START_SECONDS, "Podman's socket")
        with closing(docker.DockerClient(url, timeout=START_SECONDS)) as client:
            client.api.load_image(image.archive())
            yield Podman(host, client.version()["Version"], url, client)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)
