"""Where IPVS distributes connections to, as the kernel writes it."""

from pathlib import Path

import pytest

from exporter.kernel.namespaces.ipvs import parse_real_servers, read_real_servers

MESH = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
FWM  00000100 rr 
  -> 0A000005:0000      Masq    1      0          1         
  -> 0A000004:0000      Masq    0      2          0         
TCP  0A0000FE:0050 wlc persistent 360
  -> C0000202:0050      Route   3      0          0         
"""  # noqa: W291  as the kernel writes it
EMPTY = "\n".join(MESH.splitlines()[:3]) + "\n"


def test_servers_that_take_new_connections_are_read() -> None:
    assert parse_real_servers(MESH) == {"10.0.0.5", "192.0.2.2"}


def test_a_table_without_a_service_has_none() -> None:
    assert parse_real_servers(EMPTY) == frozenset()


def test_a_node_without_a_routing_mesh_has_no_answer(tmp_path: Path) -> None:
    assert read_real_servers(tmp_path / "ingress_sbox") is None


@pytest.mark.parametrize("text", ["", "  -> 0A00:0000 Masq 1 0 0\n", "nonsense\n  -> [fd00::1]:0050 Masq 1 0 0\n"])
def test_rows_that_are_none_are_passed_over(text: str) -> None:
    assert parse_real_servers(text) == frozenset()
