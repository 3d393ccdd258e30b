"""What this kernel shows of a listening socket: keys, marks, connections that wait, programs that choose sockets."""

import socket
import struct
from pathlib import Path

from exporter.core.reach.view import SOCKET_LOOKUP, NamespaceView
from exporter.kernel.reach.cgroup import read_programs_of
from exporter.kernel.reach.visit import visiting
from exporter.kernel.sockets.cgroups import find_root
from tests.support import bpf_drop
from tests.support.kernel.fake_container import FakeContainer
from tests.support.kernel.own_namespace import entered
from tests.support.waiting import until

SO_MARK, TCP_MD5SIG_EXT = 36, 32
SYSFS, SECRET = Path("/sys"), b"not to be kept"


def view_of(web: FakeContainer) -> NamespaceView:
    with visiting(web.procfs) as visits:
        return visits.container(web.container).view


def keyed(address: str, prefix: int) -> bytes:
    """Struct tcp_md5sig with TCP_MD5SIG_FLAG_PREFIX."""
    peer = struct.pack("=HH4s120x", socket.AF_INET, 0, socket.inet_aton(address))
    return peer + struct.pack("=BBHi80s", 1, prefix, len(SECRET), 0, SECRET)


def test_keys_and_marks_by_socket(web: FakeContainer) -> None:
    with entered(web.pid):
        plain, special = socket.create_server(("0.0.0.0", 81)), socket.create_server(("0.0.0.0", 82))
        special.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG_EXT, keyed("192.0.2.0", 24))
        special.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG_EXT, keyed("0.0.0.0", 0))
        special.setsockopt(socket.SOL_SOCKET, SO_MARK, 5)
    with plain, special:
        view = view_of(web)
    inode = next(one.inode for one in view.listeners if one.port == 82)
    assert {key: sorted(networks) for key, networks in view.keys.items()} == {inode: ["0.0.0.0/0", "192.0.2.0/24"]}
    assert view.marks == {inode: 5}
    assert SECRET not in repr(view).encode()


def test_a_connection_waits_until_it_is_accepted(web: FakeContainer) -> None:
    with entered(web.pid):
        listener = socket.create_server(("127.0.0.1", 81))
        client = socket.create_connection(("127.0.0.1", 81))
    with listener, client:
        until(lambda: view_of(web).waiting.get(81, 0.0) > 0.2, 20, "it waits")
        assert list(view_of(web).waiting) == [81]
        accepted, _ = listener.accept()
        with accepted:
            assert view_of(web).waiting == {}


def test_a_program_that_chooses_sockets(web: FakeContainer) -> None:
    assert SOCKET_LOOKUP not in view_of(web).programs
    with bpf_drop.dropping_in(Path(f"/proc/{web.pid}/ns/net"), bpf_drop.SOCKET_LOOKUP):
        assert SOCKET_LOOKUP in view_of(web).programs
        with visiting(web.procfs) as visits:
            assert SOCKET_LOOKUP not in visits.host().view.programs


def test_programs_at_the_cgroup_of_a_socket() -> None:
    root = find_root(SYSFS)
    assert root is not None
    folder = root / "dockernet-test-sockets"
    folder.mkdir()
    try:
        own = folder.stat().st_ino
        before = read_programs_of(SYSFS, frozenset({own}))
        with bpf_drop.dropping_in(folder, bpf_drop.CGROUP_INGRESS):
            found = read_programs_of(SYSFS, frozenset({own, own + 1_000_000}))
    finally:
        folder.rmdir()
    assert "ingress" not in before.get(own, ())
    assert {key: "ingress" in types for key, types in found.items()} == {own: True}
