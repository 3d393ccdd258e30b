"""Statistics of this machine's own network namespace."""

from pathlib import Path

from exporter.kernel.namespaces.stats import read_namespace_stats, read_own_namespace
from tests.support.kernel.own_namespace import entered


def test_every_namespace_has_a_mark_of_its_own(sandbox: int) -> None:
    ours = read_own_namespace()
    assert ours == read_own_namespace()
    with entered(sandbox):
        assert read_own_namespace() != ours


def test_a_real_namespace_begins_with_nothing(sandbox: int) -> None:
    cgroup = Path(f"/proc/{sandbox}/cgroup").read_text().strip()
    found = read_namespace_stats(Path("/proc"), cgroup, sandbox, read_own_namespace())
    assert found is not None
    assert found.stats == (sandbox, 0, 0, 0, 0, 0, 0, 0, 0)
