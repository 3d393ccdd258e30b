"""BPF programs on this kernel, with the rights of the unit's drop-in."""

from tests.support.live.exposed import Metrics
from tests.virtual_machine import exporter, rights
from tests.virtual_machine.containers import address, eventually, inside, run
from tests.virtual_machine.machine import Machine

FAILURES = "dockernet_port_bind_failures_total"
ESTABLISHED, FAILED = "dockernet_connections_established_total", "dockernet_connections_failed_total"
SENT, RECEIVED = "dockernet_connection_transmit_bytes_total", "dockernet_connection_receive_bytes_total"
REQUEST, REPLY, TIMES = 200_000, 1234, 10
ANSWER = f"head -c {REPLY} /dev/zero; cat >/dev/null"
DOWNLOAD = "curl -sS --output /dev/null --write-out '%{size_request} %{size_header} %{size_download}'"


def test_a_refused_bind_is_counted_once_and_none_is_lost(machine: Machine) -> None:
    exporter.add_drop_in(machine, "bind-failures.conf")
    assert rights.permitted(machine) == [set(), {"NET_ADMIN", "BPF", "PERFMON", "DAC_READ_SEARCH"}]
    run(machine, "holder", "--network host", "httpd -f -p 8090")
    run(machine, "late", "--network host")
    eventually(machine, lambda m: bool(m.series("dockernet_container_info", container="late")), "both containers")
    inside(machine, "late", "httpd -f -p 8090", check=False)

    def counted(metrics: Metrics) -> bool:
        return metrics.value(FAILURES, container="late", protocol="tcp", port="8090") == 1

    metrics = eventually(machine, counted, "one refused bind")
    assert metrics.value("dockernet_port_bind_failures_lost_total") == 0
    assert len(metrics.series(FAILURES)) == 1
    inside(machine, "late", "httpd -p 8091")
    assert len(exporter.metrics(machine).series(FAILURES)) == 1


def test_connections_are_counted_to_the_byte_with_the_reasons_of_those_that_fail(machine: Machine) -> None:
    exporter.add_drop_in(machine, "bind-failures.conf")
    machine.shell("docker network create front")
    run(machine, "web", "--network front --publish 8080:80", "httpd -f -p 80")
    run(machine, "db", "--network front", f"nc -ll -p 5432 -e sh -c '{ANSWER}'")
    eventually(machine, lambda m: len(m.names("dockernet_container_info", "container")) == 2, "both containers")
    db = address(machine, "db", "front")
    request = f"head -c {REQUEST} /dev/zero | nc {db} 5432 | wc -c"
    assert inside(machine, "web", f"for i in $(seq {TIMES}); do {request}; done").split() == [str(REPLY)] * TIMES
    assert (
        inside(machine, "web", f"for i in 1 2 3; do nc {db} 81 </dev/null || echo refused; done").count("refused") == 3
    )
    asked, head, body = map(int, machine.shell(f"{DOWNLOAD} http://127.0.0.1:8080/").split())
    expected = {
        (ESTABLISHED, "web", "db", "5432"): TIMES,
        (SENT, "web", "db", "5432"): TIMES * REQUEST,
        (RECEIVED, "web", "db", "5432"): TIMES * REPLY,
        (FAILED, "web", "db", "81"): 3,
        (ESTABLISHED, "", "web", "8080"): 1,
        (SENT, "", "web", "8080"): asked,
        (RECEIVED, "", "web", "8080"): head + body,
    }

    def values(metrics: Metrics) -> dict[tuple[str, str, str, str], float | None]:
        return {
            (name, container, peer, port): metrics.value(name, container=container, peer=peer, port=port)
            for name, container, peer, port in expected
        }

    metrics = eventually(machine, lambda m: values(m) == expected, f"{expected}")
    assert [labels["reason"] for labels, _ in metrics.series(FAILED)] == ["refused"]
    assert sum(value for _, value in metrics.series(ESTABLISHED)) == TIMES + 1
    assert metrics.value("dockernet_connections_lost_total") == 0
    lacked = {found for found in exporter.degraded(machine) if found[0] in ("connections", "bind_failures")}
    assert lacked <= {("connections", "no_sys_admin")}  # which lookups of the embedded DNS need
