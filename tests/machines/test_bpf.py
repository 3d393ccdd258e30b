"""BPF programs on this kernel, with the rights of the unit's drop-in."""

from tests.support.live.exposed import Metrics
from tests.virtual_machine import exporter
from tests.virtual_machine.containers import eventually, inside, run
from tests.virtual_machine.machine import Machine

FAILURES = "dockernet_port_bind_failures_total"


def test_a_refused_bind_is_counted_once_and_none_is_lost(machine: Machine) -> None:
    exporter.add_drop_in(machine, "bind-failures.conf")
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
