"""The deployed unit under a real systemd."""

import json
from datetime import UTC, datetime

from tests.support.waiting import until
from tests.virtual_machine import exporter, rights
from tests.virtual_machine.containers import eventually, run
from tests.virtual_machine.lines import PATIENCE_SECONDS
from tests.virtual_machine.machine import Machine

CURL = ("curl", "-sS", "--fail", "--output", "/dev/null", "--max-time", str(PATIENCE_SECONDS))
LOOKUPS = ("connections", "no_sys_admin")  # of the embedded DNS: what lacks once the process of a container is visible


def logged(machine: Machine, event: str) -> list[datetime]:
    """When the exporter logged an event, by its own clock: the journal's time is that at which journald read it."""
    lines = machine.shell(f"journalctl --unit {exporter.UNIT} --output cat _TRANSPORT=stdout").splitlines()
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    return [datetime.fromisoformat(entry["timestamp"]) for entry in entries if entry["event"] == event]


def activated(machine: Machine) -> datetime:
    """When systemd called the unit active, by the same clock."""
    show = "systemctl show --timestamp=us+utc --value --property=ActiveEnterTimestamp"
    return datetime.strptime(machine.shell(f"{show} {exporter.UNIT}"), "%a %Y-%m-%d %H:%M:%S.%f %Z").replace(tzinfo=UTC)


def has_capabilities(machine: Machine, wanted: set[str]) -> None:
    """These are what the threads of sources have; the event loop has given them up."""
    assert rights.bounding(machine) == wanted
    assert rights.permitted(machine) == [set(), wanted]
    assert int(exporter.status(machine)["CapPrm"], 16) == 0


def test_the_unit_is_active_no_earlier_than_it_answers(machine: Machine) -> None:
    [listening] = logged(machine, "listening")
    assert listening <= activated(machine)


def test_the_process_has_one_capability_and_no_user_of_its_own(machine: Machine) -> None:
    found = exporter.status(machine)
    assert found["NoNewPrivs"] == "1"
    assert found["Seccomp"] == "2"
    assert int(found["Uid"].split()[0]) > 0
    assert found["Groups"].split()[0] == machine.shell("getent group docker | cut -d: -f3")
    has_capabilities(machine, {"NET_ADMIN"})


def test_the_unit_is_within_its_limits_and_was_never_restarted(machine: Machine) -> None:
    run(machine, "web", "--publish 8080:80")
    metrics = eventually(machine, lambda m: bool(m.counters("endpoint", container="web")["receive_bytes"]), "counters")
    assert metrics.value("dockernet_up") == 1
    names = ("MemoryCurrent", "MemoryMax", "TasksCurrent", "TasksMax", "NRestarts", "ActiveState")
    found = exporter.properties(machine, *names)
    assert (found["ActiveState"], found["NRestarts"]) == ("active", "0")
    assert int(found["MemoryCurrent"]) < int(found["MemoryMax"])
    assert int(found["TasksCurrent"]) < int(found["TasksMax"])


def test_the_unit_is_exposed_as_documented(machine: Machine) -> None:
    said = machine.shell(f"systemd-analyze security --no-pager {exporter.UNIT} | tail -n 1")
    assert "1.4 OK" in said, said


def test_the_drop_in_for_processes_grants_what_it_is_for_and_nothing_else(machine: Machine) -> None:
    run(machine, "web", "--publish 8080:80")
    before, lacked = exporter.degraded(machine), {("sockets", "no_sys_ptrace")}
    assert before >= lacked
    exporter.add_drop_in(machine, "processes.conf")
    has_capabilities(machine, {"NET_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"})
    left = before - lacked | {LOOKUPS}
    until(lambda: exporter.degraded(machine) == left, PATIENCE_SECONDS, f"{left}")


def test_a_killed_exporter_is_started_anew_and_no_client_is_refused_meanwhile(machine: Machine) -> None:
    run(machine, "web", "--publish 8080:80", "httpd -f -p 80")
    eventually(machine, lambda m: bool(m.series("dockernet_container_info", container="web")), "the container")
    killed = exporter.properties(machine, "MainPID")["MainPID"]
    machine.run("kill", "-KILL", killed)
    # systemd has the port: the request waits for the next process
    answer = machine.run(*CURL, "http://127.0.0.1:9714/-/healthy", check=False)
    assert answer.returncode == 0, answer.stderr
    found = exporter.properties(machine, "MainPID", "NRestarts", "ActiveState", "Result")
    assert found["MainPID"] not in ("0", killed)
    assert (found["NRestarts"], found["ActiveState"], found["Result"]) == ("1", "active", "success")
    exporter.wait_until_ready(machine)
    published = {"container": "web", "host_address": "0.0.0.0"}
    eventually(machine, lambda m: m.value("dockernet_published_port_info", **published) == 1, "the published port")
    has_capabilities(machine, {"NET_ADMIN"})
