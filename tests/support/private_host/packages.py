"""Debian packages unpacked to a cache folder, never installed: no service starts and the system stays as it was.

The cache is `.engines` at the repository's root, or the folder that DOCKERNET_ENGINES names; it holds one folder
SUITE/PACKAGE_VERSION for each package and may be deleted at any time.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.private_host.apt import PackageUnavailableError, download, output

UPSTREAM_VERSION = re.compile(r"(?:\d+:)?(\d+(?:\.\d+)*)")
# the libraries are those of dockerd, containerd, runc and strace; the rest are programs that dockerd and the holder run
SYSTEM_PACKAGES = (
    "iproute2",
    "iptables",
    "libdevmapper1.02.1",
    "libseccomp2",
    "libsystemd0",
    "libunwind8",
    "mount",
    "nftables",
    "util-linux",
)


def cache_folder() -> Path:
    """Where packages are unpacked to."""
    return Path(os.environ.get("DOCKERNET_ENGINES") or Path(__file__).parents[3] / ".engines").absolute()


def unpacked(suite: str, *names: str) -> list[Path]:
    """The folder of each package, in the order of `names`; fetched when it is not in the cache yet."""
    cache = cache_folder() / suite
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "lock"):
        if missing := [name for name in names if not list(cache.glob(f"{name}_*"))]:
            _fetch(suite, missing, cache)
    return [max(cache.glob(f"{name}_*")) for name in names]


def version_of(folder: Path) -> str:
    """The upstream version of an unpacked package."""
    return folder.name.rpartition("_")[2]


def require_system_packages(names: Sequence[str] = SYSTEM_PACKAGES) -> None:
    """Install by apt what is needed from the system itself; none of it is a service."""
    if not (missing := _missing_system_packages(names)):
        return
    if os.geteuid():
        raise PackageUnavailableError(f"not installed, and only root can: {' '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ("-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")
    try:
        output("apt-get", "install", *options, *missing, env=environment)
    except PackageUnavailableError:  # the lists are missing or old
        output("apt-get", "update", "-qq")
        output("apt-get", "install", *options, *missing, env=environment)


def _missing_system_packages(names: Sequence[str]) -> list[str]:
    states = output("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n")
    return sorted(set(names) - {line.removesuffix(" installed") for line in states.splitlines()})


def _fetch(suite: str, names: list[str], cache: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache) as scratch:
        for deb in download(suite, names, Path(scratch)):
            name, version = (output("dpkg-deb", "--field", str(deb), field).strip() for field in ("Package", "Version"))
            if not (upstream := UPSTREAM_VERSION.match(version)):
                raise PackageUnavailableError(f"{name} has a version of no known form: {version}")
            folder = Path(scratch) / f"{name}_{upstream[1]}"
            output("dpkg-deb", "--extract", str(deb), str(folder))
            folder.rename(cache / folder.name)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time into a with block, by a file."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
