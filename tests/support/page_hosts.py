"""Hosts for the page, written down."""

from collections.abc import Mapping

from msgspec.structs import replace

from exporter.core.findings.evaluator import Evaluation
from exporter.core.findings.finding import CONFIRMED, CRITICAL, Finding, Severity
from exporter.core.model.kernel_sample import StatsRow
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from tests.support.builders import bridge, connect, device, devices, inventory, network, run, veth

FRONT = network("front", subnet="172.18.0.0/16")
BACK = network("back", subnet="172.19.0.0/16", internal=True)
LINKS = (
    device("eth0", 2),
    bridge("br-front", 3),
    bridge("br-back", 4),
    veth("veth-web", 11, master=3, nsid=1, peer=7),
    veth("veth-web-back", 13, master=4, nsid=1, peer=8),
    veth("veth-db", 15, master=4, nsid=2, peer=7),
)
SIDES = devices(*LINKS, sandboxes={"web": 1, "db": 2}, addresses={"eth0": ("192.0.2.10",)}, uplinks=("eth0",))


def shop(count: int | None = 0) -> Observation:
    """A container web on two networks, db on one, a sidecar, one of host mode; every counter is `count`."""
    web = connect(run("web", network="front", ip="172.18.0.2"), "back", ip="172.19.0.2")
    db = run("db", network="back", ip="172.19.0.3")
    others = (run("sidecar", network="container:web"), run("agent", network="host"))
    topology = join(inventory(FRONT, BACK, web, db, *others), SIDES)
    if count is None:
        return Observation(topology)
    row: StatsRow = (count,) * 8
    return Observation(topology, endpoints={key: row for _, key, _ in topology.counted}, rows={2: row})


def named(name: str, image: str = "busybox:local") -> Observation:
    """One container with this name and image on a network of this name."""
    container = replace(run("web", network=name, image=image), name=name)
    return Observation(join(inventory(network(name), container), devices()))


def large(containers: int, prefix: str = "net") -> Observation:
    """So many containers on three networks."""
    networks = [network(f"{prefix}{number}") for number in range(3)]
    found = [run(f"c{number:03}", network=f"{prefix}{number % 3}") for number in range(containers)]
    return Observation(join(inventory(*networks, *found), devices()))


def faulty(found: Observation, *findings: Finding) -> Observation:
    """The host with these findings about its network."""
    return replace(found, network=NetworkResult(Evaluation(findings)))


def about(detail: str, labels: Mapping[str, str], severity: Severity = CRITICAL) -> Finding:
    """A finding with this sentence and these labels."""
    return Finding("detached_veth", severity, CONFIRMED, detail, detail, labels)
