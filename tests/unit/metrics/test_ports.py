"""Published ports and port conflicts, as text."""

from typing import Any

from msgspec.structs import replace

from exporter.config import COLLECTORS
from exporter.core.findings.finding import Finding
from exporter.core.network.result import NetworkResult
from exporter.core.observation import Observation
from exporter.core.ports.evaluator import PortEvaluator
from exporter.core.ports.result import PortResult
from exporter.core.ports.rules import PORT_KINDS
from exporter.core.topology.topology import join
from tests.support.builders import inventory, observed, run, shop
from tests.support.families import exposed, section
from tests.support.findings import evaluation, port_conflict
from tests.support.port_hosts import DEVICES, NETWORKS, NOW, down, proxy, publishes, readings

FAMILIES = ("dockernet_port_conflict", "dockernet_port_conflicts", "dockernet_findings_suspended")
WEB: dict[str, Any] = {"protocol": "tcp", "address": "0.0.0.0", "port": 80, "wanted_by": "web"}
STOLEN = port_conflict("published_stolen", "critical", "confirmed", "a", **WEB, holder="nginx", holder_kind="process")


def evaluated(*findings: Finding, kinds: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> Observation:
    """An observation with this evaluation of ports, and with another of networks."""
    network = NetworkResult(evaluation(missing=("engine", "routes")))
    return replace(
        observed(shop()), network=network, ports=PortResult(evaluation(*findings, kinds=kinds, missing=missing))
    )


def test_a_conflict_is_told_while_it_is_so_and_every_kind_is_counted() -> None:
    seen = evaluated(STOLEN, kinds=("published_stolen", "latent"), missing=("engine", "nat"))
    assert section(exposed(seen), *FAMILIES) == (
        "# TYPE dockernet_port_conflict gauge\n"
        'dockernet_port_conflict{address="0.0.0.0",confidence="confirmed",holder="nginx",holder_kind="process",'
        'kind="published_stolen",port="80",protocol="tcp",severity="critical",wanted_by="web"} 1.0\n'
        "# TYPE dockernet_port_conflicts gauge\n"
        'dockernet_port_conflicts{kind="published_stolen"} 1.0\n'
        'dockernet_port_conflicts{kind="latent"} 0.0\n'
        "# TYPE dockernet_findings_suspended gauge\n"
        'dockernet_findings_suspended{reason="engine"} 1.0\n'
        'dockernet_findings_suspended{reason="routes"} 1.0\n'
        'dockernet_findings_suspended{reason="nat"} 1.0\n'
    )


def test_conflicts_with_the_same_labels_are_one_series() -> None:
    shown = section(exposed(evaluated(STOLEN, replace(STOLEN, detail="b"), kinds=("published_stolen",))), *FAMILIES)
    assert shown.count("dockernet_port_conflict{") == 1
    assert 'dockernet_port_conflicts{kind="published_stolen"} 1.0' in shown


def shown_of(*containers: Any, connected: bool = True) -> str:
    """What is shown of a host on which web publishes a port and docker-proxy holds it."""
    topology = join(inventory(*NETWORKS, *containers, connected=connected), DEVICES)
    on = readings(proxy("web", 8080))
    result = PortEvaluator().evaluate(topology, on, NOW, 0.0)
    return section(exposed(replace(observed(topology), ports=result)), *FAMILIES)


def test_an_ordinary_host_has_a_zero_for_every_kind() -> None:
    assert shown_of(publishes("web", "8080:80")).splitlines() == [
        "# TYPE dockernet_port_conflict gauge",
        "# TYPE dockernet_port_conflicts gauge",
        *[f'dockernet_port_conflicts{{kind="{kind}"}} 0.0' for kind in PORT_KINDS],
        "# TYPE dockernet_findings_suspended gauge",
    ]


def test_what_cannot_be_judged_has_no_zero_and_the_reason_is_told() -> None:
    assert shown_of(publishes("web", "8080:80"), connected=False).splitlines() == [
        "# TYPE dockernet_port_conflict gauge",
        "# TYPE dockernet_port_conflicts gauge",
        'dockernet_port_conflicts{kind="reuseport_shared"} 0.0',
        'dockernet_port_conflicts{kind="family_split"} 0.0',
        "# TYPE dockernet_findings_suspended gauge",
        'dockernet_findings_suspended{reason="engine"} 1.0',
    ]


def published(*containers: Any, collectors: tuple[str, ...] = COLLECTORS) -> str:
    topology = join(inventory(*NETWORKS, *containers), DEVICES)
    return section(exposed(observed(topology), collectors=collectors), "dockernet_published_port_info")


def test_every_published_port_is_told_with_each_of_its_addresses_and_their_scope() -> None:
    routed = publishes("routed", "90")
    assert published(publishes("web", "8080:80", "127.0.0.1:53:53/udp"), down("old", "81:81"), run("new"), routed) == (
        "# TYPE dockernet_published_port_info gauge\n"
        'dockernet_published_port_info{container="web",container_port="80",host_address="0.0.0.0",host_port="8080",'
        'protocol="tcp",scope="all",service=""} 1.0\n'
        'dockernet_published_port_info{container="web",container_port="80",host_address="::",host_port="8080",'
        'protocol="tcp",scope="all",service=""} 1.0\n'
        'dockernet_published_port_info{container="web",container_port="53",host_address="127.0.0.1",host_port="53",'
        'protocol="udp",scope="loopback",service=""} 1.0\n'
    )


def test_without_the_collector_no_published_port_is_told() -> None:
    without = tuple(name for name in COLLECTORS if name != "port")
    assert "dockernet" not in published(publishes("web", "8080:80"), collectors=without)
