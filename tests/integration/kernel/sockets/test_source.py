"""Ports as the sampler reads them: sockets of this kernel in a namespace of the test's own."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import Degraded, KernelSample, SourceState
from exporter.core.model.sockets import Owner, ProxyUse
from exporter.kernel.sockets import listeners
from exporter.kernel.sockets.source import PortReader
from tests.support import builders
from tests.support.kernel.capture_sockets import made
from tests.support.kernel.fake_proc import DOCKER_PROXY, FakeProc
from tests.support.kernel.own_namespace import ip, own_namespace
from tests.support.waiting import until

ID = "a1" * 32


@pytest.fixture
def proc(tmp_path: Path) -> Iterator[FakeProc]:
    """The test runs in a network namespace with a loopback device, beside processes of its own."""
    if os.geteuid():
        pytest.skip("a network namespace needs root")
    with own_namespace():
        ip("link set lo up")
        yield FakeProc(tmp_path)


@pytest.fixture
def reader(proc: FakeProc) -> Iterator[PortReader]:
    made_here = PortReader(proc.root, proc.root)
    made_here.start()
    yield made_here
    made_here.stop()


def inode(sock: socket.socket) -> int:
    return os.fstat(sock.fileno()).st_ino


def publishing() -> Inventory:
    """A container that publishes a port; its process is told, and is not there."""
    web = builders.run("web", network="front", ip="172.17.0.2", container_id=ID, pid=4711)
    details = Details(published=(PortBinding("tcp", 80, "0.0.0.0", 8080, 8080),))
    return builders.inventory(builders.network("front"), replace(web, details=details))


def test_a_proxy_is_counted_at_once_and_its_memory_within_a_moment(proc: FakeProc, reader: PortReader) -> None:
    inventory = publishing()
    with made("tcp", "0.0.0.0", 8080, "") as sock:
        proc.process(20, "docker-proxy", inode(sock), words=DOCKER_PROXY)
        first = reader.add_to(KernelSample(), inventory)
        assert first.proxies is not None
        assert first.proxies["web"].processes == 1
        (listener,) = first.sockets.listeners if first.sockets else ()
        assert listener.owner == Owner("docker-proxy", "web", ID)
        page = os.sysconf("SC_PAGE_SIZE")
        cost = {"web": ProxyUse(1, 20 * page)}
        until(lambda: reader.add_to(KernelSample(), inventory).proxies == cost, 60, "memory read")


def test_what_the_sample_had_is_kept(reader: PortReader) -> None:
    before = KernelSample(
        sources=(SourceState("links", up=True),), degraded=(Degraded("links", "reason"),), overflows=3
    )
    sample = reader.add_to(before, Inventory())
    assert [source.name for source in sample.sources] == ["links", "sockets", "namespace_sockets"]
    assert sample.degraded == before.degraded
    assert sample.overflows == 3
    assert sample.reserved_ports == ()


def test_a_kernel_that_refuses_costs_the_sockets_and_nothing_else(
    reader: PortReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> socket.socket:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(listeners, "open_diag_socket", refused)
    sample = reader.add_to(KernelSample(), Inventory())
    assert (sample.sockets, sample.proxies, sample.reserved_ports) == (None, None, None)
    assert [(state.name, state.up) for state in sample.sources] == [("sockets", False), ("namespace_sockets", True)]
    assert "Protocol not supported" in sample.sources[0].error


def test_who_has_a_port_is_answered_by_protocol_and_is_the_same_object(proc: FakeProc, reader: PortReader) -> None:
    with made("tcp", "127.0.0.1", 8001, "not listening") as tcp, made("udp", "127.0.0.1", 8001, "connected") as udp:
        proc.process(20, "first", inode(tcp))
        proc.process(21, "second", inode(udp))
        questions = frozenset({("tcp", 8001), ("udp", 8001), ("tcp", 8002)})
        found = reader.read_bound(questions)
        assert {port: [(one.state, one.owner.name) for one in held] for port, held in found.items()} == {
            ("tcp", 8001): [("close", "first")],
            ("udp", 8001): [("established", "second")],
            ("tcp", 8002): [],
        }
        assert reader.read_bound(questions) is found
    assert reader.read_bound(frozenset()) == {}
