"""Docker's own command line, with compose and BuildKit, from Debian; nothing of this machine's configuration."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.private_host.packages import unpacked

SUITE = "trixie"  # the oldest with docker compose as a plugin
PLUGINS = ("docker-buildx", "docker-compose")
PROGRAM, PLUGIN = "usr/bin/docker", "usr/libexec/docker/cli-plugins"


class DockerClient:
    """`docker`, `docker compose` and `docker stack`. `folder` takes its configuration."""

    def __init__(self, folder: Path) -> None:
        """Fetch what is missing. Raises PackageUnavailableError."""
        client, *plugins = unpacked(SUITE, "docker-cli", *PLUGINS)
        self.program = client / PROGRAM
        (folder / "cli-plugins").mkdir()
        for name, package in zip(PLUGINS, plugins, strict=True):
            (folder / "cli-plugins" / name).symlink_to(package / PLUGIN / name)
        self.environment = {"DOCKER_CONFIG": str(folder), "DOCKER_HOST": "unix:///nowhere/docker.sock"}

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Run it where no engine is: exit code, standard output and standard error."""
        done = subprocess.run(
            [self.program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, **self.environment, **(env or {})},
        )
        return done.returncode, done.stdout, done.stderr
