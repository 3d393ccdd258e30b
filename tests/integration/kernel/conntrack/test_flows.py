"""The connection table of a network namespace, by netlink."""

from pathlib import Path

import pytest

from exporter.core.nat.flows import Flows
from exporter.kernel.conntrack import sweep as flow_sweep
from exporter.kernel.conntrack.flows import open_flows, read_flows, read_published
from exporter.kernel.conntrack.sweep import FlowSweep
from tests.support.kernel.captured_flows import EXPECTED
from tests.support.kernel.captured_nat_hosts import flows as make_flows
from tests.support.waiting import until

PROC = Path("/proc")


@pytest.mark.usefixtures("busybox", "namespace")
def test_a_real_table_is_read_as_it_was_made() -> None:
    made = make_flows()
    with open_flows() as sock:
        assert read_flows(sock, frozenset({53, 54})) == EXPECTED
        assert read_flows(sock, frozenset()).direct == frozenset()
        assert read_published(sock) == EXPECTED.published
    for one in made:
        one.close()


@pytest.mark.usefixtures("busybox", "namespace")
def test_a_sweep_reads_beside_and_says_how_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = FlowSweep(PROC)
    assert sweep.snapshot()[0] is None
    made = make_flows()
    sweep.update_udp_ports(frozenset({53, 54}))
    sweep.step()
    found, age = sweep.snapshot()
    assert found == EXPECTED
    assert 0 <= age < 60
    assert sweep.state().up
    with monkeypatch.context() as patch:
        patch.setattr(flow_sweep, "read_flows", _refused)
        sweep.step()  # the whole is not due: what was led elsewhere is read anew
        assert sweep.snapshot()[0] == EXPECTED
        assert sweep.state().up
        sweep.update_udp_ports(frozenset({53, 54, 55}))  # a new one: now it is
        sweep.step()
    assert sweep.snapshot()[0] is None
    assert not sweep.state().up
    assert sweep.state().error == "no_net_admin: reading tracked connections needs CAP_NET_ADMIN"
    sweep.start()
    until(lambda: sweep.state().up, 60, "a reading by the thread")
    assert sweep.snapshot()[0] == EXPECTED
    sweep.stop()
    for one in made:
        one.close()


@pytest.mark.usefixtures("busybox", "namespace")
def test_a_new_udp_port_does_not_wait_for_the_next_reading() -> None:
    sweep = FlowSweep(PROC, interval=3600)
    made = make_flows()
    sweep.start()
    until(lambda: sweep.snapshot()[0], 60, "the first reading")
    sweep.update_udp_ports(frozenset({53, 54}))
    until(lambda: sweep.snapshot()[0] == EXPECTED, 60, "one with the connections to the new ports")
    sweep.stop()
    for one in made:
        one.close()


def _refused(*_: object) -> Flows:
    raise PermissionError(1, "Operation not permitted")
