"""What an image is built from where no registry of images is: a Debian made by debootstrap, and the wheels.

Both are fetched outside of the private host, which has no way out, and kept beside the engines.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.support.private_host.apt import archive_uri, output
from tests.support.private_host.packages import cache_folder, locked, unpacked

REPOSITORY = Path(__file__).parents[3]
SUITE, PYTHON_VERSION = "bookworm", "3.11"
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
    (package,) = unpacked(SUITE, "debootstrap")
    made = cache_folder() / SUITE / f"base-{'-'.join(PACKAGES)}.tar"
    with locked(cache_folder() / "base.lock"):
        if not made.exists():
            if not shutil.which("wget"):
                options = ("-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")
                output("apt-get", *options, "install", "wget")
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=made.parent) as scratch:
                _make(package, Path(scratch)).rename(made)
    return made


def _make(package: Path, scratch: Path) -> Path:
    root, tar = scratch / "root", scratch / "base.tar"
    environment = {**os.environ, "DEBOOTSTRAP_DIR": str(package / "usr/share/debootstrap")}
    options = ("--variant=minbase", f"--include={','.join(PACKAGES)}")
    output(str(package / "usr/sbin/debootstrap"), *options, SUITE, str(root), archive_uri(), env=environment)
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
