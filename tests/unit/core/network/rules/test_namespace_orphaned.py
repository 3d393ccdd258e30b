"""Containers that stay in the network namespace of one that ended."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.network.context import NetworkContext
from exporter.core.network.rules.namespace_orphaned import check
from tests.support.builders import run, stop
from tests.support.findings import network_finding
from tests.support.scenes import FRONT, WEB, scene

SIDECAR = run("sidecar", network="container:web-id")


def sharing(*things: Any, **netns: int) -> NetworkContext:
    """Inodes of namespaces by container."""
    return scene(FRONT, *things, netns={f"{name}-id": inode for name, inode in netns.items()})


def test_a_sharer_in_its_owners_namespace_is_ordinary() -> None:
    assert list(check(sharing(WEB, SIDECAR, web=1, sidecar=1))) == []


def test_an_owner_that_was_restarted_has_another_namespace(sentence: Any) -> None:
    [finding] = check(sharing(WEB, SIDECAR, web=2, sidecar=1))
    assert finding == network_finding("namespace_orphaned", "critical", "", "sidecar", sentence)


def test_an_owner_that_is_down_or_removed_leaves_an_orphan() -> None:
    assert [f.labels["subject"] for f in check(sharing(stop(WEB), SIDECAR, sidecar=1))] == ["sidecar"]
    [removed] = check(sharing(replace(SIDECAR, network_owner="f" * 64), sidecar=1))
    assert "f" * 13 not in removed.detail


@pytest.mark.parametrize("netns", [{}, {"web": 1}, {"sidecar": 1}])
def test_namespaces_that_are_not_visible_prove_nothing(netns: dict[str, int]) -> None:
    assert list(check(sharing(WEB, SIDECAR, **netns))) == []


def test_a_sharer_that_is_down_has_nothing_to_lose() -> None:
    assert list(check(sharing(stop(WEB), stop(SIDECAR)))) == []
