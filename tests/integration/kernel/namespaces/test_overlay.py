"""What an overlay's hidden namespace holds, in namespaces of the tests' own."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.core.topology.overlay import OverlayRows
from exporter.kernel.namespaces.overlay import read_overlay
from tests.support.kernel.own_namespace import inode, ip, sandbox_file

NO_SYS_ADMIN = ("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")


def fdb(*words: str, inside: int) -> None:
    subprocess.run(["nsenter", "-t", str(inside), "-n", "bridge", "fdb", *words], check=True)


@pytest.fixture
def overlay(sandbox: int, tmp_path: Path) -> Iterator[Path]:
    """A hidden namespace as Swarm makes it: a vxlan device that knows two other nodes and one endpoint."""
    ip("link add vxlan0 type vxlan id 4097 dstport 4789 proxy", sandbox)
    ip("link set vxlan0 up", sandbox)
    ip("neighbour add 10.0.0.3 lladdr 02:42:0a:00:00:03 dev vxlan0 nud permanent", sandbox)
    for mac, node in (("03", "192.0.2.2"), ("04", "192.0.2.2"), ("05", "192.0.2.3")):
        fdb("add", f"02:42:0a:00:00:{mac}", "dev", "vxlan0", "dst", node, "self", "permanent", inside=sandbox)
    with sandbox_file(sandbox, tmp_path) as path:
        yield path


def test_a_hidden_namespace_is_read_and_nothing_of_us_stays_there(overlay: Path) -> None:
    here, descriptors = inode("thread-self"), len(list(Path("/proc/self/fd").iterdir()))
    found = read_overlay(overlay)
    assert found is not None
    assert found.nodes == {"192.0.2.2", "192.0.2.3"}
    assert found.neighbours == {"10.0.0.3": "02:42:0a:00:00:03"}
    assert inode("thread-self") == here
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert "setns" not in {thread.name for thread in threading.enumerate()}


def test_a_namespace_without_a_vxlan_device_has_no_rows(sandbox: int, tmp_path: Path) -> None:
    ip("link add br0 type bridge", sandbox)
    ip("link set br0 up", sandbox)
    ip("neighbour add 10.0.0.3 lladdr 02:42:0a:00:00:03 dev br0 nud permanent", sandbox)
    with sandbox_file(sandbox, tmp_path) as path:
        assert read_overlay(path) == OverlayRows()


def test_the_file_of_a_namespace_that_is_gone_is_none(sandbox: int, tmp_path: Path) -> None:
    """The engine removes it a minute later."""
    assert sandbox
    (tmp_path / "1-k1uv0o3mmm").write_text("")
    assert read_overlay(tmp_path / "1-k1uv0o3mmm") is None


def test_without_sys_admin_it_says_what_is_missing(overlay: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from exporter.errors import SourceError;"
        "from exporter.kernel.namespaces.overlay import read_overlay\n"
        "try: read_overlay(Path(sys.argv[1]))\n"
        "except SourceError as error: print(error.reason)"
    )
    done = subprocess.run(
        [*NO_SYS_ADMIN, sys.executable, "-c", program, str(overlay)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "no_sys_admin\n"
