"""Run by mmdebstrap with a new root and a suite: the newest kernel of this suite, where the root has none.

Its packages are unpacked, not installed: they demand other tools than the root's release has. The kernel of sid is
split: linux-binary has its image in the folder of its modules, linux-modules the modules.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support.private_host.apt import download, output
from tests.virtual_machine.customize import inside

NAMES: Final = ("linux-binary-[0-9]*-cloud-amd64", "linux-modules-[0-9]*-cloud-amd64")


def main() -> None:
    """Unpack the kernel of suite `argv[2]` in root `argv[1]`, and make its initrd."""
    root, suite = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        for deb in download(suite, NAMES, Path(folder)):
            output("dpkg-deb", "--extract", str(deb), folder)
        modules = max((Path(folder) / "usr/lib/modules").iterdir(), key=numbers)
        shutil.copytree(modules, root / "usr/lib/modules" / modules.name, symlinks=True)
    shutil.copyfile(root / "usr/lib/modules" / modules.name / "vmlinuz", root / f"boot/vmlinuz-{modules.name}")
    inside(root, "depmod", modules.name)
    inside(root, "update-initramfs", "-c", "-k", modules.name)


def numbers(modules: Path) -> list[int]:
    """The version of a kernel, to be compared."""
    return [int(number) for number in re.findall(r"\d+", modules.name)]


if __name__ == "__main__":
    main()
