"""Forwarding tables as a kernel writes them, then real ones in namespaces of the tests' own."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path

import pytest

from exporter.core.overlay import overlay_namespace
from exporter.kernel.fdb import (
    NDA_DST,
    NDA_LLADDR,
    NDMSG,
    _read,
    parse_learned,
    parse_learned_count,
    parse_peers,
    read_learned,
    read_learned_counts,
    read_overlay_peers,
)
from exporter.kernel.links import IFINFOMSG
from exporter.kernel.rtnetlink import HEADER, attribute, open_socket
from tests.kernel.captured import captured
from tests.kernel.messages import RTM_NEWLINK, FakeSocket, always, as_socket, done, reply
from tests.kernel.own_namespace import carries, inode, ip, send_frames

RTM_NEWNEIGH = 28
NO_SYS_ADMIN = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")

Row = tuple[memoryview, int, int]


def rows() -> list[Row]:
    """The captured table of br-front (ifindex 2) and of vxlan0."""
    return [
        (memoryview(raw), HEADER.size, len(raw))
        for raw in captured("fdb")
        if HEADER.unpack_from(raw)[1] == RTM_NEWNEIGH
    ]


def row(*attributes: tuple[int, bytes]) -> Row:
    """A row of a vxlan device."""
    body = NDMSG.pack(7, 0, 0, 5, 0x80, 2, 0) + b"".join(attribute(kind, payload) for kind, payload in attributes)
    return memoryview(body), 0, len(body)


def bridge_link(ifindex: int, learned: int | None) -> bytes:
    """RTM_NEWLINK of a bridge whose kernel tells, or does not, how many addresses it has learned."""
    settings = attribute(5, bytes(4)) + (b"" if learned is None else attribute(48, learned.to_bytes(4, sys.byteorder)))
    about = attribute(1, b"bridge\0") + attribute(2, settings)
    return reply(RTM_NEWLINK, IFINFOMSG.pack(0, 0, 1, ifindex, 0, 0) + attribute(18, about))


def read_learned_by_rows(sock: socket.socket) -> dict[int, int]:
    """As it is done on older kernels."""
    return parse_learned(_read(sock))


def fdb(*words: str, inside: int) -> None:
    subprocess.run(["nsenter", "-t", str(inside), "-n", "bridge", "fdb", *words], check=True)


def nodes(found: Iterable[tuple[str, str]] | None) -> set[str]:
    return {node for _, node in found or ()}


def test_of_a_bridges_addresses_only_the_learned_one_counts() -> None:
    """There are a static one, the port's own, and each device's multicast addresses beside it."""
    assert len(rows()) == 13
    assert parse_learned(rows()) == {2: 1}


def test_linux_6_18_counts_itself_what_a_bridge_has_learned() -> None:
    """Among the captured devices is one bridge, which has learned the address of the frames from inside."""
    links = [raw for raw in captured("devices") if HEADER.unpack_from(raw)[1] == RTM_NEWLINK]
    counts = [parse_learned_count(raw, HEADER.size, len(raw)) for raw in links]
    assert [count for count in counts if count is not None] == [1]
    assert len(counts) > 3


@pytest.mark.parametrize(
    ("answers", "counts"),
    [
        ([bridge_link(3, 12), bridge_link(4, 0)], {3: 12, 4: 0}),
        ([bridge_link(3, 12), bridge_link(4, None)], None),
        ([], {}),
    ],
)
def test_a_bridge_without_a_count_is_one_of_an_older_kernel(
    answers: list[bytes], counts: dict[int, int] | None
) -> None:
    sock = FakeSocket(always(b"".join(answers) + done()))
    assert read_learned_counts(as_socket(sock)) == counts


def test_an_older_kernel_is_asked_for_its_rows() -> None:
    table = b"".join(raw for raw in captured("fdb"))
    sock = FakeSocket(always(bridge_link(2, None) + done()), always(table))
    assert read_learned(as_socket(sock)) == {2: 1}


def test_a_table_without_rows_has_nothing_learned() -> None:
    assert parse_learned([]) == {}
    assert parse_peers([]) == []


def test_an_overlays_peers_are_addresses_and_the_nodes_behind_which_they_are() -> None:
    """A group to flood to, 239.1.1.1, is in the table too."""
    assert sorted(parse_peers(rows())) == [
        ("02:42:0a:00:00:03", "192.0.2.2"),
        ("02:42:0a:00:00:04", "192.0.2.2"),
        ("02:42:0a:00:00:05", "192.0.2.3"),
    ]


def test_a_node_of_ipv6_is_one_too() -> None:
    mac, node = bytes.fromhex("02420a000006"), ip_address("2001:db8::3").packed
    assert parse_peers([row((NDA_LLADDR, mac), (NDA_DST, node))]) == [("02:42:0a:00:00:06", "2001:db8::3")]


def test_several_nodes_to_flood_to_are_all_told() -> None:
    nobody = bytes(6)
    found = parse_peers([row((NDA_LLADDR, nobody), (NDA_DST, bytes((192, 0, 2, last)))) for last in (2, 3)])
    assert nodes(found) == {"192.0.2.2", "192.0.2.3"}


@pytest.mark.parametrize("key", ["/var/run/docker/netns/0a1b2c3d4e5f", "/run/docker/netns/default"])
def test_the_hidden_namespace_is_beside_the_sandboxes(key: str) -> None:
    assert overlay_namespace(key, "k1uv0o3mmm8qn2pzt2g6f1dqc") == str(Path(key).parent / "1-k1uv0o3mmm")


@pytest.mark.live
@pytest.mark.usefixtures("namespace")
def test_two_bridges_learn_from_what_their_ports_send() -> None:
    for bridge in ("br-front", "br-back", "br-quiet"):
        ip(f"link add {bridge} type bridge")
        ip(f"link set {bridge} up")
    for number, bridge in enumerate(("br-front", "br-front", "br-back")):
        ip(f"link add veth{number} type veth peer name eth{number}")
        ip(f"link set veth{number} master {bridge} up")
        ip(f"link set eth{number} up")
        carries(f"eth{number}")
    subprocess.run(["bridge", "fdb", "add", "02:00:00:00:00:63", "dev", "veth1", "master", "static"], check=True)
    names = {int(line.split(":")[0]): line.split(": ")[1] for line in ip("-o link show type bridge").splitlines()}
    with open_socket() as sock:

        def learned(count: Callable[[socket.socket], dict[int, int]]) -> dict[str, int]:
            return {names[ifindex]: number for ifindex, number in count(sock).items() if number}

        for read in (read_learned, read_learned_by_rows):
            assert learned(read) == {}
        send_frames("eth0", 1, 60)  # all from the same address
        send_frames("eth2", 3, 60)
        for read in (read_learned, read_learned_by_rows):
            assert learned(read) == {"br-front": 1, "br-back": 1}
        ip("link set veth0 nomaster")
        for read in (read_learned, read_learned_by_rows):
            assert learned(read) == {"br-back": 1}


@pytest.fixture
def overlay(sandbox: int) -> Path:
    """A hidden namespace as Swarm makes it: a vxlan device that knows two other nodes."""
    ip("link add vxlan0 type vxlan id 4097 dstport 4789", sandbox)
    ip("link set vxlan0 up", sandbox)
    for mac, node in (("03", "192.0.2.2"), ("04", "192.0.2.2"), ("05", "192.0.2.3")):
        fdb("add", f"02:42:0a:00:00:{mac}", "dev", "vxlan0", "dst", node, "self", "permanent", inside=sandbox)
    return Path(f"/proc/{sandbox}/ns/net")


@pytest.mark.live
def test_a_hidden_namespace_is_read_and_nothing_of_us_stays_there(overlay: Path) -> None:
    here, descriptors = inode("thread-self"), len(list(Path("/proc/self/fd").iterdir()))
    assert nodes(read_overlay_peers(overlay)) == {"192.0.2.2", "192.0.2.3"}
    assert inode("thread-self") == here
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert "overlay" not in {thread.name for thread in threading.enumerate()}


def test_an_overlay_that_is_not_on_this_node_has_no_peers_to_tell(tmp_path: Path) -> None:
    assert read_overlay_peers(tmp_path / "1-k1uv0o3mmm") is None


@pytest.mark.live
def test_the_file_of_a_namespace_that_is_gone_is_none(sandbox: int, tmp_path: Path) -> None:
    """The engine removes it a minute later."""
    assert sandbox
    (tmp_path / "1-k1uv0o3mmm").write_text("")
    assert read_overlay_peers(tmp_path / "1-k1uv0o3mmm") is None


@pytest.mark.live
def test_without_sys_admin_it_says_what_is_missing(overlay: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from exporter.errors import SourceError;"
        "from exporter.kernel.fdb import read_overlay_peers\n"
        "try: read_overlay_peers(Path(sys.argv[1]))\n"
        "except SourceError as error: print(error.reason)"
    )
    done = subprocess.run(
        [*NO_SYS_ADMIN, sys.executable, "-c", program, str(overlay)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "no_sys_admin\n"
