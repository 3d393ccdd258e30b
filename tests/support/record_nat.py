"""Record the NAT of real hosts: the kernel's own messages, what iptables-save tells, what the engine says.

`python -m tests.support.record_nat`, as root, makes every folder of tests/support/kernel/nft_captures anew; names
on the command line choose among them. Review the diff: handles, generations and ids differ each time, rules should not.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
from pyroute2.netlink import NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR

from exporter.kernel.conntrack.flows import GET
from exporter.kernel.firewall.iptables_legacy.tables import read_answers
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.dump import FAMILIES, GETCHAIN, GETGEN, GETRULE, GETSET, GETSETELEM, SUBSYSTEM
from exporter.kernel.netlink.messages import HEADER, attribute, message, text, walk
from exporter.kernel.netlink.nfnetlink import NFGENMSG, open_socket
from tests.support import record_host
from tests.support.kernel import captured_nat_hosts
from tests.support.kernel.capture import split
from tests.support.kernel.captured_rules import CAPTURES
from tests.support.kernel.newer_iptables import newer_iptables
from tests.support.kernel.own_namespace import own_namespace
from tests.support.private_host import engines
from tests.support.private_host.host import PrivateHost

BIG = 1 << 17
GETTABLE = 1


def asked(request: bytes) -> list[bytes]:
    """The messages of an answer, without the one that ends a dump."""
    with open_socket() as sock:
        sock.send(request)
        found: list[bytes] = []
        while True:
            for raw in split(sock.recv(BIG)):
                _, kind, flags, _, _ = HEADER.unpack_from(raw)
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return found
                found.append(raw)
                if not flags & 2:
                    return found


def dumped(command: int, family: int = 0, *names: str) -> list[bytes]:
    """A dump of nf_tables."""
    body = NFGENMSG.pack(family, 0, 0) + b"".join(
        attribute(place, name.encode() + b"\0") for place, name in enumerate(names, 1)
    )
    return asked(message(SUBSYSTEM | command, NLM_F_DUMP, body))


def tables() -> dict[str, Any]:
    """All of nf_tables in this thread's network namespace."""
    body = HEADER.size + NFGENMSG.size
    elements = {}
    for raw in dumped(GETSET):
        names = dict(walk(raw[body:]))
        family, table, name = raw[HEADER.size], text(names[1]), text(names[2])
        if family in FAMILIES:
            elements[f"{FAMILIES[family]} {table} {name}"] = hexes(dumped(GETSETELEM, family, table, name))
    [generation] = asked(message(SUBSYSTEM | GETGEN, 0, NFGENMSG.pack(0, 0, 0)))
    return {
        "generation": int.from_bytes(dict(walk(generation[body:]))[nfta.GEN_ID], "big"),
        "chains": hexes(dumped(GETCHAIN)),
        "rules": hexes(dumped(GETRULE)),
        "elements": elements,
        "sets": hexes(dumped(GETSET)),
    }


def hexes(found: list[bytes]) -> list[str]:
    return [raw.hex() for raw in found]


def legacy_table(family: str, name: str) -> dict[str, str]:
    """The two answers of a legacy table that exists."""
    info, entries = read_answers(family, name)
    return {"info": info.hex(), "entries": entries.hex()}


def rules(run: Callable[..., str], *, legacy: bool = False) -> dict[str, Any]:
    """Everything of this thread's namespace, with the words of the tools; `run` runs a command there."""
    found: dict[str, Any] = {
        "kernel": platform.release().partition("-")[0],
        "iptables": run("iptables", "-V").strip(),
        "saved": {family: unstamped(run(f"{family}tables-save", "-c")) for family in ("ip", "ip6")},
    }
    if legacy:
        names = {family: Path(f"/proc/thread-self/net/{family}_tables_names").read_text() for family in ("ip", "ip6")}
        found["legacy"] = {
            f"{family} {name}": legacy_table(family, name) for family in names for name in names[family].split()
        }
    else:
        found |= tables()
        if tables() != {key: found[key] for key in ("generation", "chains", "rules", "elements", "sets")}:
            raise RuntimeError("the rules changed, or counted, while they were recorded")
    return found


def unstamped(saved: str) -> str:
    """What iptables-save tells, without the time of day."""
    return "".join(line + "\n" for line in saved.splitlines() if not line.startswith("#"))


def write(name: str, found: dict[str, Any], commands: str) -> None:
    """Write one capture."""
    document = {"made_by": commands.splitlines(), **found}
    record_host.write(CAPTURES / name / "rules.json", document)
    print("recorded", name, file=sys.stderr)


def record_engine_host(name: str, scenario: captured_nat_hosts.Scenario) -> None:
    """A private host of an engine, with the iptables that belongs to it."""
    with tempfile.TemporaryDirectory(prefix="dockernet-nat-") as folder:
        engine = engines.engine(scenario.suite)
        path = f"{_iptables(scenario.iptables, Path(folder))}:{engine.path}"
        with PrivateHost(name, replace(engine, path=path), scenario.flags) as host:
            host.start().load_image()
            captured_nat_hosts.build(host)

            def run(*argv: str) -> str:
                return host.run(*argv, env={"PATH": path}).stdout

            shutil.rmtree(CAPTURES / name, ignore_errors=True)
            client = docker.APIClient(host.docker_url, version="auto")
            record_host.record_engine(client, CAPTURES / name)
            client.close()
            with host.netns():
                found = rules(run, legacy=scenario.iptables == captured_nat_hosts.LEGACY)
            write(name, found, captured_nat_hosts.COMMANDS)


def _iptables(which: str, folder: Path) -> Path:
    """A folder for the front of PATH, with the iptables of a suite, or the legacy one."""
    if which == captured_nat_hosts.LEGACY:
        return captured_nat_hosts.legacy_iptables(folder)
    return newer_iptables(which, folder) if which else folder


def record_text(name: str, program: str) -> None:
    """Rules that a file beside the capture holds, in a namespace of their own."""
    source = CAPTURES / name / program
    with own_namespace():
        captured_nat_hosts.run("nft", "-f", str(source))
        write(name, rules(captured_nat_hosts.run), f"nft -f {program}")


def record_restored(name: str, iptables: str) -> None:
    """The rules of iptables.v4 and iptables.v6, written by one iptables."""
    with tempfile.TemporaryDirectory(prefix="dockernet-nat-") as folder, own_namespace():
        path = f"{_iptables(iptables, Path(folder))}:{os.environ['PATH']}"

        def run(*argv: str) -> str:
            return captured_nat_hosts.run("env", f"PATH={path}", *argv)

        run("iptables-restore", "-c", str(CAPTURES / "iptables.v4"))
        run("ip6tables-restore", "-c", str(CAPTURES / "iptables.v6"))
        commands = "iptables-restore -c iptables.v4\nip6tables-restore -c iptables.v6"
        write(name, rules(run, legacy=iptables == captured_nat_hosts.LEGACY), commands)


def record_flows(name: str) -> None:
    """A connection table in a namespace of its own."""
    with own_namespace():
        made = captured_nat_hosts.flows()
        found = asked(message(GET, NLM_F_DUMP, NFGENMSG.pack(0, 0, 0)))
        told = {"flows": hexes(found), "told": Path("/proc/thread-self/net/nf_conntrack").read_text().splitlines()}
        record_host.write(CAPTURES / name / "flows.json", {"made_by": captured_nat_hosts.FLOWS.splitlines(), **told})
        for sock in made:
            sock.close()
        print("recorded", name, file=sys.stderr)


RECORDS: dict[str, Callable[[str], None]] = {
    **{
        name: lambda name, scenario=scenario: record_engine_host(name, scenario)  # type: ignore[misc]
        for name, scenario in captured_nat_hosts.SCENARIOS.items()
    },
    "iptables-1.8.9": lambda name: record_restored(name, ""),
    "iptables-1.8.11": lambda name: record_restored(name, "trixie"),
    "iptables-1.8.13": lambda name: record_restored(name, "sid"),
    "iptables-legacy": lambda name: record_restored(name, captured_nat_hosts.LEGACY),
    "native": lambda name: record_text(name, "tables.nft"),
    "foreign": lambda name: record_text(name, "tables.nft"),
    "flows": record_flows,
}


def main() -> None:
    """Record what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.record_nat", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"only these: {', '.join(RECORDS)}")
    for name in parser.parse_args().names or RECORDS:
        try:
            RECORDS[name](name)
        except engines.PackageUnavailableError as error:
            print(f"{name} is not to be had: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
