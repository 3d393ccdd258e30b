"""`explain A B` with rights taken away one by one: what is not seen is unknown, never another answer."""

import json
import sys
from typing import Any

import pytest

from tests.support.live.shop import Shop
from tests.support.private_host.host import REPOSITORY

ENTER = "CAP_SYS_ADMIN and CAP_SYS_PTRACE"
FILES = ("dac_read_search", "dac_override")
# The capabilities of root that are kept, and the right that a step must name.
CASES = [
    (("sys_admin", "sys_ptrace", *FILES), "CAP_NET_ADMIN"),
    (("sys_ptrace", "net_admin", *FILES), ENTER),
    (("net_admin",), ENTER),
    ((), ENTER),
]


def explained(shop: Shop, *before: str) -> dict[str, Any]:
    """The answer of the command, started by these words."""
    program = (sys.executable, "-m", "exporter", "--docker.host", shop.host.docker_url)
    words = ("env", f"PYTHONPATH={REPOSITORY}", *before, *program, "explain", "web", "db", "--output", "json")
    found: dict[str, Any] = json.loads(shop.host.run(*words, check=False).stdout)
    return found


def steps(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(step["name"], step["state"], step["code"]) for path in answer["paths"] for step in path["steps"]]


@pytest.mark.parametrize(("kept", "right"), CASES, ids=str)
def test_a_missing_right_is_named_and_changes_no_other_step(shop: Shop, kept: tuple[str, ...], right: str) -> None:
    bounds = ",".join(["-all", *(f"+{one}" for one in kept)])
    whole = explained(shop)
    answer = explained(shop, "setpriv", "--bounding-set", bounds, "--inh-caps", bounds)
    details = [step["detail"] for path in answer["paths"] for step in path["steps"] if step["state"] == "unknown"]
    assert any(right in detail for detail in details)
    assert {step for step in steps(answer) if step[1] != "unknown"} <= set(steps(whole))
    assert answer["verdict"] in ("undetermined", whole["verdict"])
    assert "privilege_missing" not in {code for _, _, code in steps(whole)}
