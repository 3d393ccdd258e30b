"""Containers that AppArmor confines, and what that takes from an exporter in one."""

from functools import partial

from tests.support.live.exposed import Metrics
from tests.support.waiting import until
from tests.virtual_machine import exporter
from tests.virtual_machine.containers import IMAGE, eventually, run
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.machine import Machine

PORT = 9715
# The machine's own programs, in place of an image of the exporter.
PROGRAMS = " ".join(
    f"--volume {folder}:{folder}:ro" for folder in ("/usr", "/lib", "/lib64", "/opt", "/run/docker.sock")
)
RIGHTS = "--network host --pid host --cap-drop ALL --cap-add NET_ADMIN --cap-add SYS_PTRACE --cap-add DAC_READ_SEARCH"
COMMAND = f"{exporter.VENV}/bin/dockernet-exporter --web.listen-address 127.0.0.1:{PORT}"


def owned_by(machine: Machine, name: str) -> bool:
    """Whether the exporter in a container tells this owner of port 8082, empty if unknown."""
    done = machine.run("curl", "-sS", "--max-time", "60", f"http://127.0.0.1:{PORT}/metrics", check=False)
    rows = Metrics(done.stdout).series("dockernet_host_listener_info", port="8082")
    return [labels["owner"] for labels, _ in rows] == [name]


def test_a_confined_container_is_counted(machine: Machine) -> None:
    assert "name=apparmor" in machine.shell("docker info --format '{{.SecurityOptions}}'")
    run(machine, "web", "--publish 8080:80", "httpd -f -p 80")
    pid = machine.shell("docker inspect --format '{{.State.Pid}}' web")
    assert machine.get(f"/proc/{pid}/attr/current").decode().strip() == "docker-default (enforce)"
    machine.shell("curl -sS --max-time 60 http://192.0.2.1:8080/ || :")
    eventually(machine, lambda m: (m.counters("endpoint", container="web")["receive_bytes"] or 0) > 100, "counters")


def test_sys_ptrace_is_of_use_in_an_unconfined_container_only(machine: Machine) -> None:
    machine.shell("systemd-run --quiet --unit server /usr/bin/python3 -m http.server 8082")
    for option, name in (("", ""), ("--security-opt apparmor=unconfined", "python3")):
        machine.shell(f"docker run --detach --name exporter {RIGHTS} {option} {PROGRAMS} {IMAGE} {COMMAND}")
        until(partial(owned_by, machine, name), PATIENCE_SECONDS, f"owner {name!r}")
        machine.shell("docker rm --force exporter")
