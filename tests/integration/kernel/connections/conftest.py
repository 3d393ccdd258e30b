"""The programs on this machine's own kernel, in both of their forms, beside two joined network namespaces."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from exporter.core.connections.reading import Interest, Near
from exporter.errors import SourceError
from exporter.kernel.connections import counter as module
from exporter.kernel.connections.counter import ConnectionCounter
from exporter.kernel.connections.programs import Limits, Programs, load
from tests.support.kernel.tcp_traffic import SUBNET, Pair, pair

SYS = Path("/sys")
INTEREST = Interest({SUBNET: Near.SUBNET, "127.0.0.0/8": Near.LOOPBACK, "::1/128": Near.LOOPBACK})
SMALL = Limits(1024, 256, 64)


@pytest.fixture
def spaces(namespace: None) -> Iterator[Pair]:
    """The test's own namespace is the host's."""
    assert namespace is None
    with pair() as made:
        yield made


@pytest.fixture
def limits() -> Limits:
    """Small maps; a test may have others."""
    return SMALL


@pytest.fixture(params=["tp_btf", "raw_tp"])
def counter(
    request: pytest.FixtureRequest, spaces: Pair, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ConnectionCounter]:
    """Loaded and told of the subnet, not attached."""
    assert spaces

    def load_one(stack: ExitStack, sysfs: Path, limits: Limits) -> Programs:
        return load(stack, sysfs, limits, typed=request.param == "tp_btf")

    monkeypatch.setattr(module, "load_either", load_one)
    made = ConnectionCounter(SYS, limits)
    try:
        made.open()
    except (OSError, SourceError) as error:
        pytest.skip(f"this kernel lets no such program in: {error}")
    assert made.programs.attachment == request.param
    made.update(INTEREST)
    yield made
    made.close()


@pytest.fixture
def attached(counter: ConnectionCounter) -> ConnectionCounter:
    """Counting."""
    counter.attach()
    return counter
