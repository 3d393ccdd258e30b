"""The exporter in a container of the engine that it watches, with the rights that `docker run` gives."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.live.exposed import COMMAND, Metrics
from tests.support.live.shop import IMAGE, Shop
from tests.support.waiting import until

REPOSITORY = Path(__file__).parents[2]
SYSTEM = ("/usr", "/lib", "/lib64", "/etc", str(REPOSITORY), str(Path(sys.base_prefix)))
TRAFFIC = "dockernet_endpoint_receive_bytes_total"
ALL = {"web", "db", "plain"}
# Also missing in some of the cases, and for other collectors.
PERHAPS = {"no_net_admin", "no_host_pids", "no_sys_ptrace", "no_cgroup_tree", "no_bpf", "no_btf", "no_sys_admin"}


def started(shop: Shop, **options: Any) -> Any:
    """`docker run` of this machine's own Python in a container, with the engine's socket."""
    socket_folder = str(Path(shop.host.docker_url.removeprefix("unix://")).parent)
    binds = {folder: {"bind": folder, "mode": "ro"} for folder in (*SYSTEM, socket_folder)}
    return shop.host.client().containers.run(
        IMAGE,
        [COMMAND, "--docker.host", shop.host.docker_url, "--web.listen-address", ":9717"],
        name="exporter",
        volumes=binds,
        detach=True,
        **options,
    )


def scraped(container: Any) -> Metrics:
    """What it exposes on its own loopback, once it is ready."""

    def get(path: str) -> Any:
        assert container.client.api.inspect_container(container.id)["State"]["Running"], container.logs().decode()
        return container.exec_run(["wget", "-q", "-O", "-", f"http://127.0.0.1:9717{path}"])

    try:
        until(lambda: get("/-/ready").exit_code == 0, 60, "a ready exporter")
    except TimeoutError:
        pytest.fail(container.logs().decode())
    return Metrics(get("/metrics").output.decode())


def degraded(metrics: Metrics) -> set[str]:
    return metrics.names("dockernet_collector_degraded", "reason")


def said(container: Any, reason: str) -> int:
    """How often one collector has said it; several may lack the same."""
    entries = [json.loads(line) for line in container.logs().decode().splitlines() if line.startswith("{")]
    return max(Counter(entry["collector"] for entry in entries if entry.get("reason") == reason).values(), default=0)


@pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"])
@pytest.mark.parametrize(
    ("options", "missing", "traffic"),
    [
        ({}, {"no_host_network"}, set()),
        ({"network_mode": "host", "pid_mode": "host"}, {"no_net_admin"}, ALL),
        ({"network_mode": "host", "cap_add": ["NET_ADMIN"]}, {"no_host_pids"}, ALL),
        ({"network_mode": "host"}, {"no_net_admin", "no_host_pids"}, set()),
        ({"network_mode": "host", "pid_mode": "host", "cap_add": ["NET_ADMIN"]}, set(), ALL),
    ],
    ids=["nothing shared", "host's network and processes", "host's network and NET_ADMIN", "host's network", "all"],
)
def test_a_container_says_what_it_lacks_once_and_serves_what_it_can(
    shop: Shop, options: dict[str, Any], missing: set[str], traffic: set[str]
) -> None:
    container = started(shop, **options)
    try:
        until(lambda: missing <= degraded(scraped(container)), 60, f"{missing} degrade it")
        metrics = scraped(container)
        assert not degraded(metrics) - missing - PERHAPS
        assert metrics.value("dockernet_up") == 1
        assert metrics.names("dockernet_container_info", "container") >= ALL
        assert metrics.names(TRAFFIC, "container") & ALL == traffic
        scraped(container)
        until(lambda: all(said(container, reason) for reason in missing), 60, "the engine has written down the log")
        assert [said(container, reason) for reason in missing] == [1] * len(missing)
    finally:
        container.remove(force=True)
