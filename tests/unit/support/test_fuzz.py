"""The campaigns of `make fuzz` against the tests that there are."""

from tests.fuzz.__main__ import CAMPAIGNS, ROOT

# What these read is chosen by nobody: counters, and orders of events.
OTHER = ("soundness", "walker", "property", "bounded_dict", "same_bridge", "ledger", "test_web", "test_chunk")


def test_every_property_test_of_what_others_choose_is_in_a_campaign() -> None:
    named = {path for paths in CAMPAIGNS.values() for path in paths}
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "@given" + "(" in path.read_text() and not any(word in path.name for word in OTHER)
    }
    assert found == named
