"""A Debian root file system by debootstrap, from the archive that the machine's own apt sources name."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.support.private_host.apt import archive_uri, output
from tests.support.private_host.packages import unpacked
from tests.support.waiting import until

REMOVE_SECONDS = 300
SUITE = "bookworm"
APT_OPTIONS = ("-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")


def debootstrap(root: Path, packages: Sequence[str], prefix: Sequence[str] = (), suite: str = SUITE) -> None:
    """Make the smallest Debian with these packages below `root`. Raises PackageUnavailableError.

    `prefix` is a command that runs debootstrap, such as unshare.
    """
    (package,) = unpacked(SUITE, "debootstrap")
    if not shutil.which("wget"):
        output("apt-get", *APT_OPTIONS, "install", "wget")
    environment = {**os.environ, "DEBOOTSTRAP_DIR": str(package / "usr/share/debootstrap")}
    options = ("--variant=minbase", f"--include={','.join(packages)}")
    program = str(package / "usr/sbin/debootstrap")
    output(*prefix, program, *options, suite, str(root), archive_uri(), env=environment)


def remove_root(folder: Path) -> None:
    """Remove a folder although processes that are being killed may write to it a moment longer."""

    def removed() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    until(removed, REMOVE_SECONDS, f"{folder} is removed")
