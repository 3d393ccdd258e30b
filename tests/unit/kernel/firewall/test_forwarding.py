"""Whether the kernel forwards packets."""

from pathlib import Path

from exporter.kernel.firewall.forwarding import read_forwarding


def proc(root: Path, **files: str) -> Path:
    """A /proc with these files below sys/net; two underscores are a slash."""
    for name, value in files.items():
        path = root / "sys/net" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)
    return root


def test_each_switch_is_read(tmp_path: Path) -> None:
    procfs = proc(
        tmp_path,
        ipv4__ip_forward="1\n",
        ipv6__conf__all__forwarding="0\n",
        ipv4__conf__docker0__forwarding="0\n",
        ipv4__conf__br0__forwarding="1\n",
    )
    assert read_forwarding(procfs, ["docker0", "br0"]) == {"ip": True, "ip6": False, "docker0": False, "br0": True}


def test_forwarding_with_router_advertisements_is_forwarding(tmp_path: Path) -> None:
    assert read_forwarding(proc(tmp_path, ipv6__conf__all__forwarding="2\n"), []) == {"ip6": True}


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    assert read_forwarding(tmp_path, ["gone"]) == {}
