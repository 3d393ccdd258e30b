"""What a flag disables is not a missing privilege."""

import pytest
from msgspec.structs import replace

from exporter.app.disabled_collectors import with_disabled
from exporter.config import COLLECTORS
from exporter.core.explain.explain import explain
from exporter.core.explain.path import UNKNOWN, Step
from tests.support.explained_hosts import observation_of
from tests.support.nat_hosts import OLD
from tests.support.reach_hosts import ReachHost

BLIND = replace(observation_of(OLD), nat=None, sockets=None)


@pytest.mark.parametrize("disabled", [{"nat"}, {"port"}, {"nat", "port"}])
def test_a_step_names_the_flag_that_enables_it(disabled: set[str]) -> None:
    found = with_disabled(explain(BLIND, "8080"), set(COLLECTORS) - disabled)
    unknown = {step.code: step for path in found.paths for step in path.steps if step.code}
    for code, name in (("rules_unknown", "nat"), ("sockets_unknown", "port")):
        assert (unknown[code].remedy == f"Enable it by `--collector.{name}`.") is (name in disabled)
        assert unknown[code].detail.endswith(f": the collector {name} is disabled") is (name in disabled)


def test_an_answer_about_a_target_does_so_too() -> None:
    found = ReachHost().answer("web:80")
    assert with_disabled(found, COLLECTORS) is found
    assert with_disabled(found, ()) == found
    unread = Step("filter", UNKNOWN, "the host's firewall rules could not be read", "rules_unknown")
    [path] = with_disabled(replace(found, paths=(replace(found.paths[0], steps=(unread,)),)), ()).paths
    assert path.steps[0].remedy == "Enable it by `--collector.nat`."
