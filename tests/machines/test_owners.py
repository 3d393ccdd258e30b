"""Owners of listening sockets where systemd manages the cgroups, of version 2 only."""

from tests.support.live.exposed import Metrics
from tests.virtual_machine import exporter
from tests.virtual_machine.containers import eventually, run
from tests.virtual_machine.machine import Machine

OWNERS = {"8080": ("docker-proxy", "web"), "8081": ("container", "hostmode"), "8082": ("process", "python3")}
SERVER = "/usr/bin/python3 -m http.server 8082"


def owners(metrics: Metrics) -> dict[str, tuple[str, str]]:
    found = metrics.series("dockernet_host_listener_info")
    return {row["port"]: (row["owner_kind"], row["owner"]) for row, _ in found if row["port"] in OWNERS}


def test_proxies_containers_and_processes_are_told_apart(machine: Machine) -> None:
    assert machine.shell("stat --file-system --format %T /sys/fs/cgroup") == "cgroup2fs"
    assert machine.shell("docker info --format '{{.CgroupDriver}} {{.CgroupVersion}}'") == "systemd 2"
    exporter.add_drop_in(machine, "processes.conf")
    run(machine, "web", "--publish 8080:80", "httpd -f -p 80")
    run(machine, "hostmode", "--network host", "httpd -f -p 8081")
    machine.shell(f"systemd-run --quiet --unit server {SERVER}")
    metrics = eventually(machine, lambda m: owners(m) == OWNERS, str(OWNERS))
    assert {labels["kind"] for labels, value in metrics.series("dockernet_findings") if value} == set()
