"""A root file system of Debian packages for programs that read files below /etc and /usr: firewalld, ufw and Podman.

The packages and what they depend on are unpacked, not configured; what their scripts would do and the programs need is
done here. No service starts.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.private_host.apt import download_all, output
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.packages import cache_folder, locked

BASE = ("base-files", "base-passwd", "coreutils", "dash", "grep", "iptables", "mount", "nftables", "procps", "sed")
# since Debian 12 /usr holds them; a few packages still name them
MERGED = ("bin", "lib", "lib32", "lib64", "sbin")
FOLDERS = ("dev", "etc", "proc", "run", "sys", "tmp", "var/lib/ufw")
IPTABLES = tuple(f"{name}{end}" for name in ("iptables", "ip6tables") for end in ("", "-save", "-restore"))
COPIES = {  # from below /usr/share, to below /etc
    "base-passwd/passwd.master": "passwd",
    "base-passwd/group.master": "group",
    "ufw/iptables": "ufw",
    "ufw/ufw.conf": "ufw/ufw.conf",
}
BUS_USER = "messagebus:x:101:101::/nonexistent:/usr/sbin/nologin\n"
BUS_GROUP = "messagebus:x:101:\n"

PLACE = "/mnt"
# What the programs change is in memory and ends with the host. /run is the host's, with the sockets and namespaces
# that they mount there.
MOUNT = f"""
mkdir -p /run/debian/upper /run/debian/work /run/dbus
mount --make-shared /run
mount -t overlay overlay -o lowerdir="$0",upperdir=/run/debian/upper,workdir=/run/debian/work {PLACE}
for folder in dev proc run sys tmp; do mount --rbind /$folder {PLACE}/$folder; done
mount --rbind /run {PLACE}/var/run
"""
IN_ROOT = ("chroot", PLACE, "/usr/bin/env", "-i", "LANG=C", "PATH=/usr/sbin:/usr/bin")


def enter_root(host: PrivateHost, suite: str, name: str, packages: Sequence[str]) -> Path:
    """Make `IN_ROOT` run the programs of a suite's packages on a host; the root's folder in the cache, by `name`.

    Raises PackageUnavailableError.
    """
    root = debian_root(suite, name, packages)
    host.run("sh", "-ec", MOUNT, str(root))
    return root


def debian_root(suite: str, name: str, packages: Sequence[str]) -> Path:
    """The folder of the root, fetched when it is not in the cache yet.

    Raises PackageUnavailableError.
    """
    made = cache_folder() / suite / f"root-{name}"
    made.parent.mkdir(parents=True, exist_ok=True)
    with locked(cache_folder() / "root.lock"):
        if not made.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=made.parent) as scratch:
                _make(Path(scratch), suite, (*BASE, *packages)).rename(made)
    return made


def _make(scratch: Path, suite: str, packages: Sequence[str]) -> Path:
    root = scratch / "root"
    for folder in MERGED:
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for deb in download_all(suite, packages, scratch):
        unpack = 'dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink -C "$1"'
        output("sh", "-c", unpack, str(deb), str(root))
    _configure(root)
    return root


def _configure(root: Path) -> None:
    for name in IPTABLES:
        (root / "usr/sbin" / name).symlink_to("xtables-nft-multi")
    for source, target in COPIES.items():
        path = root / "usr/share" / source
        if path.is_dir():
            shutil.copytree(path, root / "etc" / target, dirs_exist_ok=True)
        elif path.exists():
            shutil.copy(path, root / "etc" / target)
    for name, line in (("passwd", BUS_USER), ("group", BUS_GROUP)):
        with (root / "etc" / name).open("a") as file:
            file.write(line)
