"""The README's commands on a Debian that has nothing but make and git: `make test-bare`, as root.

debootstrap makes a Debian 12, or the suite that is named, in a temporary folder, which becomes the root of mount, PID,
IPC and UTS namespaces of its own; the last commit is cloned into it. Where packages come from is read from this
machine's apt and pip when the command runs. The end of this process, of whatever kind, ends all processes there and
with them all mounts.
"""

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.pip_sources import pip_sources
from tests.support.private_host.apt import PackageUnavailableError, archive_uri, output
from tests.support.private_host.debootstrap import SUITE, debootstrap, remove_root
from tests.support.private_host.namespaces import FOR_A_ROOT

REPOSITORY = Path(__file__).parents[2]
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
COMMANDS = ("make demo SECONDS=4", "make check", "make test-fast")
PACKAGES = ("git", "make")
PROJECT = "root/dockernet-exporter"
APT_SETTING = re.compile(r"Acquire::(https?::\S+|Check-Date|Check-Valid-Until) ", re.IGNORECASE)
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
RESOLVER = ("etc/hosts", "etc/resolv.conf")
# pivot_root and not chroot alone: runc, which starts containers, cannot pivot below a chroot.
ENTER = """\
set -eu
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir previous-root
pivot_root . previous-root
cd /
umount --lazy previous-root
rmdir previous-root
cd "$2"
shift 2
exec "$@"
"""


def main() -> int:
    """Run the commands; the exit code of the first that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.packaging.bare_debian", description=__doc__)
    parser.add_argument("--suite", default=SUITE, help="the Debian suite")
    parser.add_argument("commands", nargs="*", default=COMMANDS, help="commands in the project's folder")
    options = parser.parse_args()
    if os.geteuid():
        return fail("debootstrap and namespaces need root: try again with sudo")
    for number in SIGNALS:
        signal.signal(number, lambda *_: sys.exit(1))
    if changed := git("status", "--porcelain"):
        print(f"Not part of the clone, since not committed:\n{changed}")
    try:
        with bare_debian(options.suite) as root:
            return run_all(root, options.commands)
    except (PackageUnavailableError, subprocess.CalledProcessError) as error:
        return fail(str(error))


def fail(reason: str) -> int:
    """Print why nothing can be tried."""
    print(f"test-bare: {reason}", file=sys.stderr)
    return 2


def git(*arguments: str) -> str:
    """The output of a git command in this repository."""
    return output("git", "-C", str(REPOSITORY), *arguments)


@contextmanager
def bare_debian(suite: str) -> Iterator[Path]:
    """A fresh Debian with a clone of the project, removed at the end of the with block."""
    folder = Path(tempfile.mkdtemp(prefix="bare-debian-"))
    root = folder / "root"
    try:
        # of a mode that users other than root may pass: apt fetches as one
        folder.chmod(0o755)
        root.mkdir()
        print(f"Debian {suite} with {' and '.join(PACKAGES)} …", flush=True)
        debootstrap(root, (*PACKAGES, *certificates()), prefix=FOR_A_ROOT, suite=suite)
        configure_apt(root, suite)
        for name in RESOLVER:
            shutil.copyfile(f"/{name}", root / name)
        output("git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(root / PROJECT))
        print(f"Cloned: {git('log', '-1', '--oneline')}", end="", flush=True)
        yield root
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        remove_root(folder)


def certificates() -> tuple[str, ...]:
    """The package that apt needs for an archive behind TLS."""
    return ("ca-certificates",) if archive_uri().startswith("https:") else ()


def configure_apt(root: Path, suite: str) -> None:
    """Give the Debian the archive and the transport settings of this machine's apt."""
    settings = [line for line in output("apt-config", "dump").splitlines() if APT_SETTING.match(line)]
    (root / "etc/apt/apt.conf.d/50transport").write_text("\n".join([*settings, ""]))
    (root / "etc/apt/sources.list").write_text(f"deb {archive_uri()} {suite} main\n")


def environment(root: Path) -> Mapping[str, str]:
    """What the commands find in their environment; the certificates that pip trusts are copied to `root`."""
    proxies = {name: value for name, value in os.environ.items() if name.lower() in PROXIES}
    return {
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": os.environ.get("TERM", "dumb"),
        **proxies,
        **pip_sources(root),
    }


def run_all(root: Path, commands: Sequence[str]) -> int:
    """Run each command in namespaces of its own, with what the earlier ones left on the disk."""
    given = environment(root)
    for command in commands:
        started = time.monotonic()
        print(f"\n$ {command}", flush=True)
        enter = (*FOR_A_ROOT, "sh", "-c", ENTER, "sh", str(root), f"/{PROJECT}")
        # The machine's PATH finds unshare, the Debian's own finds what the command is.
        argv = (*enter, "env", "--ignore-environment", *(f"{name}={value}" for name, value in given.items()))
        code = subprocess.run([*argv, *shlex.split(command)], check=False).returncode
        print(f"{command}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
