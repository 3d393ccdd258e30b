"""The iptables of another Debian suite, run with its own libraries from the cache of packages."""

import platform
from collections.abc import Iterator
from pathlib import Path

from tests.support.private_host.engines import PackageUnavailableError
from tests.support.private_host.packages import unpacked

PACKAGES = ("iptables", "libxtables12", "libip4tc2", "libip6tc2", "libnftnl11", "libmnl0", "libc6")
COMMANDS = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")
LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}


def newer_iptables(suite: str, folder: Path) -> Path:
    """Write a script for each command into a folder that belongs in front of a PATH."""
    roots = unpacked(suite, *PACKAGES)
    loader = _found(roots, LOADERS.get(platform.machine(), "ld.so"))
    program, plugins = _found(roots, "xtables-nft-multi"), _found(roots, "libxt_tcp.so").parent
    libraries = ":".join(sorted({str(path.parent) for root in roots for path in root.rglob("lib*.so.*")}))
    for command in COMMANDS:
        script = folder / command
        words = f"XTABLES_LIBDIR={plugins} exec {loader} --library-path {libraries} {program} {command}"
        script.write_text(f'#!/bin/sh\n{words} "$@"\n')
        script.chmod(0o755)
    return folder


def _found(roots: list[Path], name: str) -> Path:
    path = next((path for path in _files(roots) if path.name == name), None)
    if path is None:
        raise PackageUnavailableError(f"no {name} in {', '.join(root.name for root in roots)}")
    return path


def _files(roots: list[Path]) -> Iterator[Path]:
    return (path for root in roots for path in sorted(root.rglob("*")) if path.is_file())
