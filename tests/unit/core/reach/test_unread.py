"""What could not be read: always unknown with the privilege's name, never failed and never reachable."""

import pytest

from exporter.core.reach.view import FILES, FILTERS, LISTENERS, NAMESPACE, RULES
from tests.support.builders import connect, run
from tests.support.nat_hosts import BOTH_FAMILIES, NEW, OLD, OWN_TABLES, Host
from tests.support.reach_hosts import ReachHost
from tests.support.reach_namespaces import HOST

PRIVILEGE = "CAP_GRANTED"
MONITOR = connect(run("monitor", network="host"), "host")
# The parts of each namespace that a question needs.
NEEDED = [
    ("client", "web:80", "client", (NAMESPACE, RULES, LISTENERS, FILES, FILTERS)),
    ("client", "172.18.0.2:80", "client", (NAMESPACE, RULES, FILTERS)),
    ("client", "web:80", "web", (NAMESPACE, RULES, LISTENERS, FILTERS)),
    ("client", "web", "web", (NAMESPACE, RULES, LISTENERS, FILTERS)),
    ("client", "172.18.0.2", "web", (NAMESPACE, RULES, LISTENERS, FILTERS)),
    ("client", "172.18.0.2:80", HOST, (NAMESPACE, FILTERS)),
    ("client", "192.0.2.10:22", HOST, (NAMESPACE, LISTENERS, FILTERS)),
    ("client", "192.0.2.10:8080", HOST, (NAMESPACE, LISTENERS, FILTERS)),
    ("client", "192.0.2.10:8083", "bare", (NAMESPACE, RULES, LISTENERS, FILTERS)),
    ("client", "host:22", HOST, (NAMESPACE, LISTENERS, FILTERS)),
    ("client", "198.51.100.1", HOST, (NAMESPACE, FILTERS)),
    ("client", "198.51.100.1", "client", (NAMESPACE, RULES, FILTERS)),
    ("web", "172.18.0.2:80", "web", (NAMESPACE, RULES, LISTENERS)),
    ("monitor", "web:80", "monitor", (FILES,)),
    ("monitor", "172.18.0.2:80", HOST, (NAMESPACE, FILTERS)),
    ("monitor", "172.18.0.2:80", "web", (NAMESPACE, RULES, LISTENERS, FILTERS)),
    ("monitor", "127.0.0.1:22", HOST, (NAMESPACE, LISTENERS)),
]
CASES = [(*case[:3], part) for case in NEEDED for part in case[3]]


@pytest.mark.parametrize("privilege", [PRIVILEGE, ""], ids=["privilege", "other reason"])
@pytest.mark.parametrize("rules", [OLD, OWN_TABLES], ids=str)
@pytest.mark.parametrize(("source", "target", "namespace", "part"), CASES)
def test_a_part_that_is_missing_is_unknown(
    rules: Host, source: str, target: str, namespace: str, part: str, privilege: str
) -> None:
    answer = ReachHost(rules, MONITOR).unread(namespace, part, privilege).answer(target, source)
    assert answer.verdict == "undetermined"
    states = {step.state for path in answer.paths for step in path.steps}
    assert states <= {"ok", "unknown"}
    unread = {
        step for path in answer.paths for step in path.steps if step.code in ("privilege_missing", "not_readable")
    }
    assert unread
    assert all((PRIVILEGE in step.detail) == bool(privilege) for step in unread)


@pytest.mark.parametrize("rules", BOTH_FAMILIES, ids=str)
@pytest.mark.parametrize("target", ["172.18.0.2:80", "192.0.2.10:22", "192.0.2.10:8083", "198.51.100.1"])
@pytest.mark.parametrize("source", ["client", "monitor"])
def test_without_the_hosts_rules_nothing_is_reachable(rules: Host, target: str, source: str) -> None:
    host = ReachHost(rules, MONITOR)
    host.nat = {"reading": None}
    answer = host.answer(target, source)
    assert answer.verdict == "undetermined"
    assert "rules_unknown" in {step.code for path in answer.paths for step in path.steps}


def test_without_any_of_them_the_engines_account_is_all_that_is_known() -> None:
    host = ReachHost(NEW)
    for name in ("client", "web", HOST):
        for part in (NAMESPACE, RULES, LISTENERS, FILES, FILTERS):
            host.unread(name, part, PRIVILEGE)
    assert host.faults("web:80") == [("container", "unknown", "privilege_missing")]
