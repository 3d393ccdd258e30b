"""Containers that AppArmor confines."""

from tests.virtual_machine.containers import eventually, run
from tests.virtual_machine.machine import Machine


def test_a_confined_container_is_counted(machine: Machine) -> None:
    assert "name=apparmor" in machine.shell("docker info --format '{{.SecurityOptions}}'")
    run(machine, "web", "--publish 8080:80", "httpd -f -p 80")
    pid = machine.shell("docker inspect --format '{{.State.Pid}}' web")
    assert machine.get(f"/proc/{pid}/attr/current").decode().strip() == "docker-default (enforce)"
    machine.shell("curl -sS --max-time 60 http://192.0.2.1:8080/ || :")
    eventually(machine, lambda m: (m.counters("endpoint", container="web")["receive_bytes"] or 0) > 100, "counters")
