"""A root file system of Debian packages for programs that read files below /etc and /usr: firewalld and ufw.

The packages and what they depend on are unpacked, not configured; what their scripts would do and the programs need is
done here. No service starts.
"""

import shutil
import tempfile
from pathlib import Path

from tests.support.private_host.apt import DEBIAN_SUITES, download_all, output
from tests.support.private_host.packages import cache_folder, locked

SUITE = DEBIAN_SUITES[0]
PACKAGES = (
    *("base-files", "base-passwd", "coreutils", "dash", "grep", "mount", "procps", "sed"),
    *("dbus-daemon", "firewalld", "iptables", "nftables", "python3-nftables", "ufw"),
)
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


def debian_root() -> Path:
    """The folder of the root, fetched when it is not in the cache yet.

    Raises PackageUnavailableError.
    """
    made = cache_folder() / SUITE / "root"
    made.parent.mkdir(parents=True, exist_ok=True)
    with locked(cache_folder() / "root.lock"):
        if not made.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=made.parent) as scratch:
                _make(Path(scratch)).rename(made)
    return made


def _make(scratch: Path) -> Path:
    root = scratch / "root"
    for folder in MERGED:
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for deb in download_all(SUITE, PACKAGES, scratch):
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
        else:
            shutil.copy(path, root / "etc" / target)
    for name, line in (("passwd", BUS_USER), ("group", BUS_GROUP)):
        with (root / "etc" / name).open("a") as file:
            file.write(line)
