"""Folders below .engines/machines, each made once and named by a digest of what it was made from."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.support.private_host.debootstrap import remove_root
from tests.support.private_host.packages import cache_folder, locked

KEPT: Final = 3  # worktrees that share a cache have different sources
MAKING: Final = "making-"


def digest(*parts: str | bytes) -> str:
    """A name for these parts, in this order."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8) + data)
    return whole.hexdigest()[:12]


def made(kind: str, key: str, make: Callable[[Path], None], parent: Path | None = None) -> Path:
    """The folder of this kind and key; `make` fills an empty one when there is none.

    One process at a time makes folders of a kind. What an earlier one left when it was killed is removed, as are the
    folders of other keys that were used least recently.
    """
    parent = (parent or cache_folder() / "machines").resolve()
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"{kind}-{key}"
    with locked(parent / f"{kind}.lock"):
        if not folder.exists():
            for left in parent.glob(f"{MAKING}{kind}-*"):
                remove_root(left)
            scratch = Path(tempfile.mkdtemp(prefix=f"{MAKING}{kind}-", dir=parent))
            make(scratch)
            scratch.rename(folder)
        os.utime(folder)
        for old in least_recent(parent, kind):
            remove_root(old)
    return folder


def least_recent(parent: Path, kind: str) -> list[Path]:
    """The folders of a kind beyond the number that is kept."""
    folders = [path for path in parent.glob(f"{kind}-*") if path.is_dir()]
    return sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]
