"""Whether this kernel forwards packets."""

from pathlib import Path

import pytest

from exporter.kernel.firewall.forwarding import read_forwarding
from tests.support.kernel.own_namespace import ip


@pytest.mark.usefixtures("namespace")
def test_the_switches_are_those_of_the_calling_threads_namespace() -> None:
    procfs = Path("/proc")
    ip("link add br0 type bridge")
    for value in ("0", "1"):
        for path in ("ipv4/ip_forward", "ipv4/conf/br0/forwarding"):
            (procfs / "sys/net" / path).write_text(value)
        found = read_forwarding(procfs, ["br0"])
        assert (found["ip"], found["br0"]) == (value == "1", value == "1")
