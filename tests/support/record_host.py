"""Record one moment of a host as text: what its engine answers, and what its kernel says.

`python -m tests.support.record_host` makes the classic hosts anew, one for each engine that can be had.
`python -m tests.support.record_host FOLDER --docker-host URL`, in the host's network namespace, records that host.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import docker
from msgspec.structs import asdict

from exporter.core.model.docker import Inventory
from exporter.core.model.inventory import sandboxed
from exporter.core.model.kernel_sample import Devices, KernelSample
from exporter.core.topology.topology import join
from exporter.docker_engine.host import DEFAULT_HOST
from exporter.kernel.namespaces.stats import read_namespace_stats, read_own_namespace
from exporter.kernel.sampler import KernelSampler
from tests.support import classic_host
from tests.support.private_host import engines
from tests.support.private_host.host import PrivateHost
from tests.support.recorded import COUNTERS, HOSTS, RecordedHost

PROCFS = Path("/proc")
INSIDE = ("Config", "HostConfig")
# What concerns networks and states; the rest is bulk, or says something of the machine that recorded.
KEPT = frozenset(
    "ApiVersion Arch CgroupDriver CgroupVersion Config Created ExposedPorts FirewallBackend HostConfig Hostname Id "  # noqa: SIM905
    "Image KernelVersion Labels LiveRestoreEnabled MinAPIVersion Name Names NetworkMode NetworkSettings Os "
    "PortBindings Ports RestartCount RestartPolicy ServerVersion State Status Version".split()
)


def kept(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are worth recording of /version, /info or a container."""
    return {
        key: kept(value) if key in INSIDE else value.partition("-")[0] if key == "KernelVersion" else value
        for key, value in document.items()
        if key in KEPT
    }


def record_engine(api: Any, folder: Path) -> None:
    """Write what the engine answers to the GETs that an exporter makes."""
    write(folder / "version.json", kept(api.version()))
    write(folder / "info.json", kept(api.info()))
    containers = api.containers(all=True)
    write(folder / "containers.json", [kept(row) for row in containers])
    networks = api.networks()
    write(folder / "networks.json", networks)
    for row in containers:
        document = kept(api.inspect_container(row["Id"]))
        write(folder / "containers" / f"{document['Name'][1:]}.json", document)
    for row in networks:
        write(folder / "networks" / f"{row['Name']}.json", api.inspect_network(row["Id"]))


def record_kernel(inventory: Inventory, folder: Path) -> None:
    """Write what the kernel says of this thread's network namespace."""
    containers = sandboxed(inventory)
    sampler = KernelSampler(PROCFS, sweep=False)
    try:
        sampler.start()
        sample = sampler.sample(containers)
        inside = sampler.read_interface_counters(join(inventory, sample.devices).readings)
    finally:
        sampler.stop()
    own = read_own_namespace()
    namespaces = {c.name: found for c in containers if (found := read_namespace_stats(PROCFS, c.id, c.pid, own))}
    document = devices_document(inventory, sample.devices) | counters_document(sample, inside)
    document["namespaces"] = {name: found.stats._asdict() for name, found in namespaces.items()}
    write(folder / "kernel.json", document)


def devices_document(inventory: Inventory, devices: Devices) -> dict[str, Any]:
    """What there is, and whose it is."""
    return {
        "links": [asdict(link) for link in devices.links.values()],
        "sandboxes": {inventory.containers[key].name: nsid for key, nsid in devices.sandboxes.items()},
        "inside": {str(nsid): [asdict(row) for row in rows] for nsid, rows in devices.interfaces.items()},
        "addresses": devices.addresses,
        "uplinks": devices.uplinks,
        "routes": [{**asdict(route), "destination": str(route.destination)} for route in devices.routes or ()],
    }


def counters_document(sample: KernelSample, inside: list[tuple[Any, ...]]) -> dict[str, Any]:
    """What is counted; a row is a host's view of a veth, as everywhere."""
    return {
        "sources": [source.name for source in sample.sources],
        "stats": [counters("ifindex", row) for row in sample.stats or ()],
        "stats_inside": [counters("endpoint_id", row) for row in inside],
        "conntrack": asdict(sample.conntrack) if sample.conntrack else None,
        "learned": sample.learned,
    }


def counters(key: str, row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of counters with the names of its places."""
    return {key: row[0], **dict(zip(COUNTERS, row[1:], strict=True))}


def write(path: Path, document: Any) -> None:
    """Write JSON for a reader: what lies two levels deep is one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(document, "") + "\n")


def text(document: Any, margin: str) -> str:
    """JSON with a line for each member of the two upper levels."""
    if not document or not isinstance(document, dict | list) or len(margin) > 1:
        return json.dumps(document)
    inner = margin + " "
    if isinstance(document, dict):
        lines = [f"{inner}{json.dumps(str(key))}: {text(value, inner)}" for key, value in document.items()]
        return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
    return "[\n" + ",\n".join(inner + text(value, inner) for value in document) + f"\n{margin}]"


def record(docker_host: str, folder: Path, netns: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
    """Record a host into a folder; `netns` puts this thread into its network namespace."""
    for part in ("containers", "networks"):
        shutil.rmtree(folder / part, ignore_errors=True)
    client = docker.APIClient(docker_host, version="auto")
    record_engine(client, folder)
    client.close()
    with netns():
        record_kernel(RecordedHost(folder).inventory(), folder)


def record_classic(suite: str) -> Path:
    """Make a classic host on the engine of a Debian suite, and record it."""
    with PrivateHost("shop", engines.engine(suite)) as host:
        host.start().load_image()
        made = classic_host.Classic(host)
        made.build()
        folder = HOSTS / f"classic-{host.engine.version}"
        record(host.docker_url, folder, host.netns)
        made.unpause()
        (folder / "README.md").write_text(
            classic_host.README.format(version=host.engine.version, commands=classic_host.COMMANDS)
        )
    return folder


def main() -> None:
    """Record what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.record_host", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where to; without it the classic hosts are made anew")
    parser.add_argument("--docker-host", default=DEFAULT_HOST)
    options = parser.parse_args()
    if options.folder:
        record(options.docker_host, options.folder)
        return
    for suite in engines.ENGINES:
        try:
            print("recorded", record_classic(suite).name)
        except engines.PackageUnavailableError as error:
            print(f"no engine of {suite}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
