"""Our numbers of netlink are those of pyroute2."""

from pyroute2 import netlink
from pyroute2.netlink import diag, rtnl

from exporter.kernel.netlink import numbers

NAMES = [name for name in vars(numbers) if not name.startswith("_")]


def test_each_number_is_that_of_pyroute2() -> None:
    theirs = {**vars(netlink), **vars(rtnl), **vars(diag)}
    assert NAMES
    assert {name: getattr(numbers, name) for name in NAMES} == {name: theirs[name] for name in NAMES}
