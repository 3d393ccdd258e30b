"""tc filters, lossy qdiscs, XDP and tcx programs of a namespace of the test's own."""

import socket
import subprocess

import pytest

from exporter.app import device_filters
from exporter.app.device_filters import with_filters
from exporter.core.model.device_filters import DeviceFilter
from exporter.core.observation import Observation
from exporter.core.topology.topology import join
from exporter.kernel.links.device_filters import read_device_filters
from exporter.kernel.netlink.client import open_socket
from tests.support.bpf_drop import TCX_INGRESS, XDP, Hook, dropping
from tests.support.builders import devices, inventory
from tests.support.kernel.own_namespace import ip

pytestmark = pytest.mark.usefixtures("host")

U32 = "u32 match u32 0 0 action mirred egress redirect dev far0"


@pytest.fixture
def host(namespace: None) -> None:
    """Two devices."""
    assert namespace is None
    ip("link add eth0 type veth peer name far0")
    for device in ("eth0", "far0"):
        ip(f"link set {device} up")


def tc(command: str) -> None:
    """Run `tc COMMAND`; skip where the kernel was built without such a qdisc or filter."""
    done = subprocess.run(["tc", *command.split()], capture_output=True, text=True, check=False)
    if any(missing in done.stderr for missing in ("kind is unknown", "not found", "Failed to load TC action")):
        pytest.skip(f"this kernel cannot: tc {command}")
    if done.returncode:
        raise RuntimeError(f"tc {command}: {done.stderr.strip()}")


def read() -> set[tuple[str, str, str]]:
    with open_socket() as sock:
        return named(read_device_filters(sock))


def named(found: tuple[DeviceFilter, ...] | None) -> set[tuple[str, str, str]]:
    return {(socket.if_indextoname(one.ifindex), one.direction, one.what) for one in found or ()}


def test_devices_without_filters_have_none() -> None:
    assert read() == set()


@pytest.mark.parametrize(
    "command",
    [
        "qdisc add dev eth0 clsact",
        "qdisc add dev eth0 ingress",
        "qdisc add dev eth0 root fq_codel",
        "qdisc add dev eth0 root netem delay 1ms",
        "qdisc add dev eth0 root tbf rate 10mbit burst 32kbit latency 50ms",
    ],
)
def test_a_qdisc_that_only_queues_is_none(command: str) -> None:
    tc(command)
    assert read() == set()


@pytest.mark.parametrize(
    ("qdisc", "command", "found"),
    [
        ("clsact", f"ingress pref 7 protocol ip {U32}", ("eth0", "ingress", "tc filter u32 (pref 7)")),
        ("ingress", f"ingress pref 7 protocol ip {U32}", ("eth0", "ingress", "tc filter u32 (pref 7)")),
        ("clsact", f"egress pref 7 protocol ip {U32}", ("eth0", "egress", "tc filter u32 (pref 7)")),
        ("clsact", "ingress pref 9 matchall action drop", ("eth0", "ingress", "tc filter matchall (pref 9)")),
    ],
)
def test_a_filter_is_named(qdisc: str, command: str, found: tuple[str, str, str]) -> None:
    tc(f"qdisc add dev eth0 {qdisc}")
    tc(f"filter add dev eth0 {command}")
    assert read() == {found}


LOSING = (
    "netem loss 100%",
    "netem loss gemodel 50%",
    "blackhole",
    "pfifo limit 0",
    "tbf rate 8bit burst 50 limit 50",
    "drr",
)


@pytest.mark.parametrize("qdisc", LOSING)
def test_a_qdisc_that_loses_packets_is_named(qdisc: str) -> None:
    tc(f"qdisc add dev eth0 root {qdisc}")
    assert read() == {("eth0", "egress", f"qdisc {qdisc.split(maxsplit=1)[0]}")}


@pytest.mark.parametrize(("hook", "what"), [(XDP, "XDP program"), (TCX_INGRESS, "tcx program")])
def test_a_program_is_named_while_it_is_attached(hook: Hook, what: str) -> None:
    with dropping("eth0", hook):
        assert read() == {("eth0", "ingress", what)}
    assert read() == set()


def test_an_observation_gets_the_filters_of_the_moment() -> None:
    seen = Observation(join(inventory(), devices()))
    assert with_filters(seen).filters == ()
    with dropping("eth0", XDP):
        assert named(with_filters(seen).filters) == {("eth0", "ingress", "XDP program")}


def test_filters_that_cannot_be_read_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: socket.socket) -> tuple[DeviceFilter, ...]:
        raise PermissionError(1, "planted")

    monkeypatch.setattr(device_filters, "read_device_filters", refused)
    assert with_filters(Observation(join(inventory(), devices()), filters=())).filters is None
