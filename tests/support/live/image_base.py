"""What an image is built from where no registry of images is: a Debian made by debootstrap, and the wheels.

Both are fetched outside of the private host, which has no way out, and kept beside the engines.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from tests.support.private_host.apt import output
from tests.support.private_host.debootstrap import SUITE, debootstrap
from tests.support.private_host.packages import cache_folder, locked

REPOSITORY = Path(__file__).parents[3]
PYTHON_VERSION = "3.11"
LOCKS = ("requirements.lock", "requirements-build.lock")
# Beside what every Debian has: what the Dockerfile would fetch by apt.
PACKAGES = ("libcap2-bin", "python3", "python3-venv")
# As in Debian's slim images: nothing in a container reads them.
LEFT_OUT = (
    "./dev/*",
    "./usr/share/doc/*",
    "./usr/share/locale/*",
    "./usr/share/man/*",
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./var/log/*",
)
NAME = "debian:debootstrap"


def archive() -> Path:
    """A tar of the root file system, for `docker import`. Raises PackageUnavailableError."""
    made = cache_folder() / SUITE / f"base-{'-'.join(PACKAGES)}.tar"
    made.parent.mkdir(parents=True, exist_ok=True)
    with locked(cache_folder() / "base.lock"):
        if not made.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=made.parent) as scratch:
                _make(Path(scratch)).rename(made)
    return made


def _make(scratch: Path) -> Path:
    root, tar = scratch / "root", scratch / "base.tar"
    debootstrap(root, PACKAGES)
    output("tar", "-C", str(root), "-cf", str(tar), *(f"--exclude={path}" for path in LEFT_OUT), ".")
    return tar


def wheels() -> Path:
    """A folder with all that the locks name, for the Python of that Debian. Raises PackageUnavailableError."""
    locks = [REPOSITORY / name for name in LOCKS]
    key = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()[:12]
    made = cache_folder() / f"wheels-{key}"
    with locked(cache_folder() / "wheels.lock"):
        if not made.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache_folder()) as scratch:
                _download(locks, Path(scratch, "wheels"))
                Path(scratch, "wheels").rename(made)
    return made


def _download(locks: list[Path], folder: Path) -> None:
    wanted = ("--only-binary=:all:", f"--python-version={PYTHON_VERSION}", "--no-deps", "--require-hashes")
    for lock in locks:
        output(sys.executable, "-m", "pip", "download", *wanted, "-r", str(lock), "-d", str(folder))
