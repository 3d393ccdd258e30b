"""dockerd's options about firewall rules: its command line and daemon.json, by way of its process.

Needs to see the processes of the host; reading the file needs root's rights (or CAP_SYS_PTRACE) over the process.
"""

import errno
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from exporter.core.nat.engine_options import EngineOptions
from exporter.kernel.root_files import read_regular

COMMAND = b"dockerd\n"
DEFAULT_FILE = "/etc/docker/daemon.json"
MAX_BYTES = 1 << 20
FILE_FLAG = "--config-file"
OFF = frozenset({"false", "0", "f", "F", "False", "FALSE"})  # strconv.ParseBool


def read_engine_options(procfs: Path, engines: Sequence[int]) -> EngineOptions | None:
    """Return the options of the one engine in this network namespace; None where that cannot be read for certain.

    `engines` are the processes that `find_engines` found.
    """
    if len(engines) != 1:
        return None
    process = procfs / str(engines[0])
    try:
        arguments = _read(process / "cmdline").decode(errors="replace").rstrip("\0").split("\0")
        return parse_engine_options(arguments, _configuration(process, arguments))
    except (OSError, ValueError):
        return None


def parse_engine_options(arguments: Sequence[str], configuration: object) -> EngineOptions:
    """Parse a command line and the configuration file; a flag and the file never name the same option."""
    return EngineOptions(
        iptables=_is_on("iptables", arguments, configuration), ip6tables=_is_on("ip6tables", arguments, configuration)
    )


def _is_on(option: str, arguments: Sequence[str], configuration: object) -> bool:
    named = configuration.get(option) if isinstance(configuration, dict) else None
    return _value(arguments, f"--{option}", switch=True) not in OFF and named is not False


def find_engines(procfs: Path, pids: Iterable[int] | None = None) -> list[int]:
    """Find processes that root started, that are called dockerd and are in the calling thread's network namespace.

    Among `pids`, or all. Any user starts a set-user-ID program by a link of that name: its directory in /proc is
    root's, its real user not.
    """
    own = Path("/proc/thread-self/ns/net").stat().st_ino
    names = os.listdir(procfs) if pids is None else map(str, pids)  # noqa: PTH208  a Path each would be half of the cost
    return [int(name) for name in names if name.isdecimal() and _is_engine(f"{procfs}/{name}", own)]


def _is_engine(process: str, namespace: int) -> bool:
    try:
        return _read(f"{process}/comm") == COMMAND and _is_roots_in(Path(process), namespace)
    except OSError:  # it ended, or is hidden
        return False


def _is_roots_in(process: Path, namespace: int) -> bool:
    """Whether its real user id is 0, and its network namespace this one; a name in /proc/PID/status is escaped."""
    return b"\nUid:\t0\t" in _read(process / "status") and (process / "ns/net").stat().st_ino == namespace


def _configuration(process: Path, arguments: Sequence[str]) -> object:
    """Read the file in the engine's own root, where its links lead too."""
    path = _value(arguments, FILE_FLAG) or DEFAULT_FILE
    root = os.open(process / "root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return json.loads(read_regular(root, path, MAX_BYTES))
    except FileNotFoundError:
        return {}
    except OSError as error:
        if error.errno != errno.ENOSYS:  # before Linux 5.6 links are followed in the exporter's root
            raise
        return json.loads(_read(process / "root" / path.lstrip("/")))
    finally:
        os.close(root)


def _value(arguments: Sequence[str], flag: str, *, switch: bool = False) -> str:
    """Return the value of a flag, '' without one; a switch has its value behind '=' only."""
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == flag:
            return value if equals else ("" if switch else next(iter(arguments[place + 1 :]), ""))
    return ""


def _read(path: Path | str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, MAX_BYTES)
    finally:
        os.close(descriptor)
