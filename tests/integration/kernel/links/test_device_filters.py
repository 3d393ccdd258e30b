"""tc filters, lossy qdiscs, XDP and tcx programs of a namespace of the test's own."""

import socket
import subprocess
from collections.abc import Iterator

import pytest

from exporter.core.model.device_filters import DeviceFilter
from exporter.kernel.links.device_filter_watcher import DeviceFilterWatcher
from exporter.kernel.links.device_filters import read_device_filters
from exporter.kernel.netlink.client import open_socket
from tests.support.bpf_drop import TCX_INGRESS, XDP, Hook, dropping
from tests.support.kernel.own_namespace import ip
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("host")

SECONDS = 20.0
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


@pytest.mark.parametrize("qdisc", ["netem loss 100%", "netem loss gemodel 50%", "blackhole", "pfifo limit 0"])
def test_a_qdisc_that_loses_packets_is_named(qdisc: str) -> None:
    tc(f"qdisc add dev eth0 root {qdisc}")
    assert read() == {("eth0", "egress", f"qdisc {qdisc.split(maxsplit=1)[0]}")}


@pytest.mark.parametrize(("hook", "what"), [(XDP, "XDP program"), (TCX_INGRESS, "tcx program")])
def test_a_program_is_named_while_it_is_attached(hook: Hook, what: str) -> None:
    with dropping("eth0", hook):
        assert read() == {("eth0", "ingress", what)}
    assert read() == set()


@pytest.fixture
def watcher() -> Iterator[DeviceFilterWatcher]:
    made = DeviceFilterWatcher()
    made.start()
    yield made
    made.stop()


def test_a_change_of_tc_is_read_at_once(watcher: DeviceFilterWatcher) -> None:
    assert watcher.latest == ()
    assert watcher.state.up
    tc("qdisc add dev eth0 clsact")
    tc(f"filter add dev eth0 ingress pref 10 protocol ip {U32}")
    until(lambda: named(watcher.latest) == {("eth0", "ingress", "tc filter u32 (pref 10)")}, SECONDS, "the filter")
    tc("qdisc del dev eth0 clsact")
    until(lambda: watcher.latest == (), SECONDS, "no filter")
