"""Docker 29, which Debian does not have: dockerd, docker-proxy and runc are built from their Go modules.

A recent Go and a C compiler need some minutes of two processors for it; the programs stay in the cache of packages.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.private_host.apt import PackageUnavailableError
from tests.support.private_host.packages import cache_folder, locked

MODULE, VERSION = "github.com/moby/moby/v2", "v2.0.0-beta.24"  # API 1.56
RUNC = "github.com/opencontainers/runc@v1.3.4"  # those of Debian's suites are older, or need a newer C library
# a build says of itself that it is a library
ENGINE_VERSION = f"29.0.0-{VERSION.partition('-')[2]}"
STATIC = ("-tags", "exclude_graphdriver_btrfs netgo osusergo static_build")
BUILD_SECONDS = 3600


def programs() -> Path:
    """The folder with the three programs; built when it is not in the cache yet."""
    cache = cache_folder() / "moby"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / VERSION
    with locked(cache / "lock"):
        if not folder.exists():
            _build(cache, folder)
    return folder


def _build(cache: Path, folder: Path) -> None:
    if not (go := shutil.which("go")):
        raise PackageUnavailableError("Docker 29 is built from source, and there is no go")
    version = ("-ldflags", f"-s -w -X {MODULE}/dockerversion.Version={ENGINE_VERSION}")
    with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as scratch:
        made = Path(scratch) / "bin"
        _install(go, made, f"{MODULE}/cmd/dockerd@{VERSION}", *STATIC, *version, cgo=False)
        _install(go, made, f"{MODULE}/cmd/docker-proxy@{VERSION}", *STATIC, cgo=False)
        _install(go, made, RUNC, cgo=True)  # enters namespaces in C; without libseccomp
        made.rename(folder)


def _install(go: str, folder: Path, program: str, *options: str, cgo: bool) -> None:
    environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": str(int(cgo))}
    words = ["nice", go, "install", *options, program]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if done.returncode:
        raise PackageUnavailableError(f"go install {program}: {done.stderr.strip()[-400:]}")
