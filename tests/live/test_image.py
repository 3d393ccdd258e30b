"""The image on a real engine: built, started with the rights of the deployment files, and with each right left out."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.live.exposed import Exporter, Metrics
from tests.support.live.hosts import available
from tests.support.live.image import DEPLOY, IMAGE, Image, Running, Service, families
from tests.support.live.image_base import NAME as BASE
from tests.support.live.shop import IMAGE as BUSYBOX
from tests.support.live.shop import Shop
from tests.support.private_host.engines import DEFAULT, PackageUnavailableError, tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(900)  # the first run makes a Debian
MEGABYTE = 1_000_000
SWARM_SECONDS = 90  # for the engine to found a swarm or to leave it
NOTHING = set[tuple[str, str]]()
NO_BPF = {("bind_failures", "no_bpf")}  # engines before 23.0 know no such capability to grant
NO_PIDS = {("sockets", "no_host_pids")}  # the default: no file adds the host's processes
KERNEL = "/sys/kernel:/host/sys/kernel:ro"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """The classic cases on a host of this file's own, and a process of the host's that listens."""
    with PrivateHost(engine=available(DEFAULT)) as host:
        # as systemd has them: the engine demands a shared /run for rslave, and tracefs is in /sys
        host.run("mount", "--make-shared", "/run")
        host.run("mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing")
        shop = Shop(host.start().load_image())
        host.popen(str(tool("busybox")), "nc", "-l", "-p", "9000")
        yield shop


@pytest.fixture(scope="module")
def image(shop: Shop) -> Iterator[Image]:
    """Built once for this file."""
    with tempfile.TemporaryDirectory(prefix="docker-") as folder:
        try:
            yield Image(shop.host, Path(folder))
        except PackageUnavailableError as error:
            pytest.skip(f"no image can be built: {error}")


def test_the_image_adds_little_runs_as_nobody_and_lets_nobody_become_root(image: Image) -> None:
    configuration = image.host.api().inspect_image(IMAGE)["Config"]
    assert configuration["User"] == "65534:65534"
    assert configuration["Healthcheck"]["Test"] == ["CMD", "dockernet-exporter", "healthcheck"]
    added = image.size() - image.size(BASE)
    print(f"{image.size() / MEGABYTE:.0f} MB, of which the base has {image.size(BASE) / MEGABYTE:.0f}")
    assert added < 80 * MEGABYTE
    look = "find / -xdev -type f -perm /6000; /sbin/getcap -r / 2>/dev/null"
    found = image.docker("run", "--rm", "--user=0", "--entrypoint=sh", IMAGE, "-c", look).splitlines()
    granted = "cap_dac_read_search,cap_net_admin,cap_sys_ptrace,cap_sys_admin,cap_perfmon,cap_bpf=p"
    assert found == [f"/opt/dockernet-exporter/bin/python3 {granted}"]


CONNECTION = "dockernet_connection"
NEED_BPF = {"dockernet_port_bind_failures_lost_total", "dockernet_exporter_bpf_info"}
TCP = ("connections", "retransmitted_segments", "segments_sent", "listen_overflows", "listen_drops", "timeouts")
NEED_SYS_ADMIN = {"dockernet_container_dns_lookups_total"}
NEED_PROCESSES = {
    *(f"dockernet_container_tcp_{name}{'' if name == 'connections' else '_total'}" for name in (*TCP, "resets_sent")),
    "dockernet_container_udp_receive_buffer_errors_total",
    "dockernet_namespace_statistics_age_seconds",
    "dockernet_docker_proxy_processes",
    "dockernet_docker_proxy_resident_memory_bytes",
    "dockernet_findings_suspended",
    "dockernet_port_conflict",  # of web, which publishes a port and does not listen: not evaluated
}


def with_processes(service: Service) -> None:
    service.update(pid="host")
    service["cap_add"] += ["SYS_PTRACE", "DAC_READ_SEARCH"]


def with_all(service: Service) -> None:
    with_processes(service)
    service["cap_add"].append("SYS_ADMIN")
    service["volumes"].append(KERNEL)
    service["environment"]["DOCKERNET_COLLECTOR_BIND_FAILURES"] = "tracepoint"  # this kernel may have no probes


@pytest.mark.parametrize(
    ("change", "missing", "not_served"),
    [
        (None, NO_BPF | NO_PIDS, {*NEED_BPF, *NEED_SYS_ADMIN, *NEED_PROCESSES, "dockernet_collector_degraded"}),
        (with_processes, NO_BPF, {*NEED_BPF, *NEED_SYS_ADMIN, "dockernet_collector_degraded"}),
        (with_all, NOTHING, set()),
    ],
    ids=["as it is", "with the host's processes", "with SYS_ADMIN too"],
)
def test_it_serves_what_a_process_of_root_serves_but_for_what_the_withheld_rights_add(
    image: Image, shop: Shop, change: Any, missing: set[tuple[str, str]], not_served: set[str]
) -> None:
    with image.changed(change) if change else image.composed(DEPLOY / "compose.yml") as running:
        inspected = running.container.attrs["HostConfig"]
        assert (inspected["CapDrop"], inspected["ReadonlyRootfs"]) == (["ALL"], True)
        with Exporter(shop.host, "--web.listen-address", ":9715", port=9715) as on_the_host:
            shop.db.pause()  # so that both have seen an event
            shop.db.unpause()

            different: list[set[str]] = []

            def as_expected() -> bool:
                found = families(running.text()) ^ families(on_the_host.get()[1].decode())
                # There are pairs of connections only while containers connect.
                different[:] = [{one for one in found if not one.startswith(CONNECTION)}]
                return different == [not_served]

            with contextlib.suppress(TimeoutError):  # some are read beside the scrapes
                until(as_expected, 60, "the same families")
            assert sorted(different[0]) == sorted(not_served)
        metrics = Metrics(running.text())
        assert running.degraded() == missing
        assert metrics.names("dockernet_endpoint_receive_bytes_total", "container") == {"web", "db", "plain"}
        assert metrics.label("dockernet_build_info", "revision") == "abc123"
        memory = metrics.value("process_resident_memory_bytes") or 0
        print(f"{memory / MEGABYTE:.0f} MB resident")
        assert memory < 100 * MEGABYTE


def without_network(service: Service) -> None:
    service.pop("network_mode")


def without_netns(service: Service) -> None:
    service["volumes"].pop()


def without_netns_and_cgroups(service: Service) -> None:
    del service["volumes"][1:]
    service["environment"].pop("DOCKERNET_PATH_SYSFS")


def with_pid(service: Service) -> None:
    service["pid"] = "host"


def with_pid_alone(service: Service) -> None:
    with_pid(service)
    without_netns(service)


def with_sys_ptrace(service: Service) -> None:
    with_pid(service)
    service["cap_add"].append("SYS_PTRACE")


def as_root_with_sys_ptrace(service: Service) -> None:
    with_sys_ptrace(service)
    service["user"] = "0:0"
    service["security_opt"] = ["no-new-privileges:true"]


NO_PTRACE = {("sockets", "no_sys_ptrace")}
NAMESPACES = {("namespaces", "no_host_pids")}


@pytest.mark.parametrize(
    ("change", "degraded"),
    [
        (without_network, {("links", "no_host_network")} | NO_PIDS),
        (without_netns, NAMESPACES | NO_PIDS),
        (without_netns_and_cgroups, NAMESPACES | NO_PIDS | {("sockets", "no_cgroup_tree")}),
        (
            lambda service: service["cap_add"].clear(),
            {("namespaces", "no_net_admin"), ("nat", "no_net_admin")} | NO_PIDS,
        ),
        (with_pid, NO_PTRACE),
        (with_pid_alone, NO_PTRACE),
        (with_sys_ptrace, NO_PTRACE),
        (with_processes, NOTHING),
        (as_root_with_sys_ptrace, NOTHING),
    ],
    ids=[
        "without the host's network",
        "without the engine's namespaces",
        "without the engine's namespaces and cgroups",
        "without NET_ADMIN",
        "with the host's processes",
        "with the host's processes instead of the engine's namespaces",
        "with SYS_PTRACE",
        "with SYS_PTRACE and DAC_READ_SEARCH",
        "as root with SYS_PTRACE",
    ],
)
def test_a_right_that_is_left_out_is_named(image: Image, change: Any, degraded: set[tuple[str, str]]) -> None:
    degraded = degraded | NO_BPF
    with image.changed(change) as running:
        until(lambda: running.degraded() == degraded, 30, f"{degraded}, not {running.degraded()}")
        assert Metrics(running.text()).value("dockernet_up") == 1


def test_without_the_group_of_the_socket_the_engine_is_not_seen(image: Image) -> None:
    with image.changed(lambda service: service.pop("group_add")) as running:
        metrics = Metrics(running.text())
        assert metrics.value("dockernet_up") == 0
        assert metrics.names("dockernet_uplink_receive_bytes_total", "device") == {"enp0s3"}


def test_the_engine_finds_it_healthy(image: Image) -> None:
    """The image's own command, asked more often than the image says."""
    with image.changed(lambda service: service.update(healthcheck={"interval": "1s"})) as running:

        def healthy() -> bool:
            running.container.reload()
            return bool(running.container.attrs["State"]["Health"]["Status"] == "healthy")

        until(healthy, 90, "a healthy container")


def test_prometheus_of_the_compose_file_scrapes_it_and_has_the_rules(image: Image, shop: Shop) -> None:
    image.add_prometheus()
    with image.composed(DEPLOY / "compose.yml", also=("prometheus",)):

        def ask(path: str) -> Any:
            url = f"http://127.0.0.1:9090/api/v1/{path}"
            answer = shop.host.run(str(tool("busybox")), "wget", "-q", "-O", "-", url, check=False)
            return json.loads(answer.stdout)["data"] if answer.returncode == 0 else {}

        def scraped() -> bool:
            targets = ask("targets").get("activeTargets", ())
            return [(t["labels"]["job"], t["health"]) for t in targets] == [("dockernet", "up")]

        def groups() -> set[str]:
            return {group["name"] for group in ask("rules").get("groups", ())}

        until(scraped, 60, "a scraped exporter")
        expected = {"dockernet-ports", "dockernet-nat", "dockernet-network", "dockernet-recording"}
        until(lambda: groups() >= expected, 30, "the rules")


@pytest.fixture
def overlay(shop: Shop) -> Iterator[None]:
    """The host is a Swarm of its own with an overlay network, on which a container is."""
    client = shop.host.client(SWARM_SECONDS)
    client.swarm.init(advertise_addr="192.0.2.10", listen_addr="192.0.2.10")
    client.networks.create("ov", driver="overlay", attachable=True)
    one = client.containers.run(BUSYBOX, ["sleep", "1000"], name="one", network="ov", detach=True)
    yield
    one.remove(force=True)
    client.swarm.leave(force=True)


@pytest.mark.usefixtures("overlay")
def test_an_overlay_s_peers_need_the_engine_s_namespaces_and_sys_admin(image: Image) -> None:
    def with_sys_admin(service: Service) -> None:
        service["cap_add"].append("SYS_ADMIN")

    for change, reason in ((without_netns, "no_netns_directory"), (lambda _: None, "no_sys_admin")):
        with image.changed(change) as running:
            expected = {("overlay", reason)} | NO_BPF | NO_PIDS | (NAMESPACES if change is without_netns else NOTHING)
            until(lambda r=running, all_of=expected: r.degraded() == all_of, 60, reason)  # type: ignore[misc]
    with image.changed(with_sys_admin) as running:
        until(lambda: Metrics(running.text()).value("dockernet_overlay_peers", network="ov") == 0, 60, "no peers")
        assert running.degraded() - NO_PIDS == {("bind_failures", "no_btf")}


@pytest.fixture
def no_way_out(shop: Shop) -> Iterator[None]:
    """Nobody answers beyond the uplink: each task would wait for time-outs of name servers that are not there."""
    shop.host.run("ip", "route", "replace", "unreachable", "default")
    yield
    shop.host.run("ip", "route", "delete", "unreachable", "default")


@pytest.mark.usefixtures("overlay", "no_way_out")
def test_the_stack_runs_on_a_swarm_behind_its_proxy(image: Image) -> None:
    image.add_proxy()
    files = (f"--compose-file={DEPLOY}/{name}.yml" for name in ("swarm-stack", "swarm-overlays"))
    image.docker("stack", "deploy", "--resolve-image=never", *files, "stack")
    running = Running(image.host)
    until(lambda: Metrics(running.text()).value("dockernet_overlay_peers", network="ov") == 0, 60, "no peers")
    expected = NO_PIDS | {("bind_failures", "no_btf")}
    until(lambda: running.degraded() == expected, 30, "no processes, and all else")

    def counted() -> set[str]:
        return Metrics(running.text()).names("dockernet_endpoint_receive_bytes_total", "container")

    until(lambda: counted() >= {"web", "db", "one"}, 30, "the traffic of all")
