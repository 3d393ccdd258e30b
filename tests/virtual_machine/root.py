"""The disk of a release: Debian with kernel and engine, and the exporter's dependencies in a virtual environment."""

import functools
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.support.private_host.apt import archive_uri, output
from tests.support.private_host.namespaces import FOR_A_ROOT
from tests.support.private_host.packages import require_system_packages
from tests.virtual_machine import cache
from tests.virtual_machine.releases import Release

REPOSITORY: Final = Path(__file__).parents[2]
SYSTEM_PACKAGES: Final = ("e2fsprogs", "mmdebstrap", "qemu-system-x86", "qemu-utils")
SOURCES: Final = ("agent.py", "customize.py", "kernel.py", "root.py")
DISK_SIZE: Final = "4G"
OPTIONS: Final = (
    "--quiet",
    "--mode=root",
    "--variant=apt",
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
)


@functools.cache
def root_of(release: Release) -> Path:
    """The folder with `disk`, `vmlinuz` and `initrd` of a release; the same as long as this process.

    Raises PackageUnavailableError.
    """
    require_system_packages(SYSTEM_PACKAGES)
    lock = (REPOSITORY / "requirements.lock").read_bytes()
    sources = [(Path(__file__).parent / name).read_bytes() for name in SOURCES]
    key = cache.digest(release.name, *release.packages, lock, *sources)
    return cache.made(f"root-{release.name}", key, lambda folder: _make(release, folder))


def _make(release: Release, folder: Path) -> None:
    tree = folder / "tree"
    # of a mode that users other than root may pass: apt fetches as one
    folder.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    module = f"{sys.executable} -m tests.virtual_machine"
    hooks = [
        f'--setup-hook={module}.customize "$1" small-initrd',
        f'--customize-hook={module}.customize "$1" all',
    ]
    if release.kernel_suite:
        hooks.append(f'--customize-hook={module}.kernel "$1" {release.kernel_suite}')
    source = f"deb {archive_uri()} {release.suite} main"
    argv = (
        *FOR_A_ROOT,
        "mmdebstrap",
        *OPTIONS,
        f"--include={','.join(release.packages)}",
        *hooks,
        release.suite,
        str(tree),
        source,
    )
    output(*argv, env=environment)
    for name, pattern in {"vmlinuz": "vmlinuz-*", "initrd": "initrd.img-*"}.items():
        (found,) = (tree / "boot").glob(pattern)
        shutil.copyfile(found, folder / name)
    features = ("-O", "^has_journal", "-E", "lazy_itable_init=1")
    output("mke2fs", "-q", "-t", "ext4", *features, "-d", str(tree), str(folder / "disk"), DISK_SIZE)
    shutil.rmtree(tree)
