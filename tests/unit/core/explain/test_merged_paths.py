"""Paths that say the same are one."""

from exporter.core.explain.merged_paths import merged
from exporter.core.explain.path import FAILED, LISTENER, OK, Path, Step


def test_consecutive_ports_that_go_alike_are_one_row() -> None:
    def path(port: int, inside: int, state: str = OK, address: str = "0.0.0.0") -> Path:
        return Path("tcp", (address,), port, "web", inside, (Step(LISTENER, state, str(port)),))

    rows = [path(port, port) for port in range(8000, 8100)] + [path(9000, 80), path(8100, 8100, FAILED), path(9001, 80)]
    assert [(one.port, one.last_port) for one in merged(rows)] == [(8000, 8099), (9000, 0), (8100, 0), (9001, 0)]
    both = [one for port in (8000, 8001) for one in (path(port, port), path(port, port, address="::"))]
    assert [(one.addresses, one.port, one.last_port) for one in merged(both)] == [(("0.0.0.0", "::"), 8000, 8001)]
    assert len(merged([path(0, 80), path(0, 81)])) == 2
