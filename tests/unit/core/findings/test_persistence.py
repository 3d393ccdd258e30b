"""How long something has stood."""

from exporter.core.findings.persistence import Standing


def test_a_condition_is_as_old_as_its_first_look() -> None:
    standing = Standing()
    assert standing.update(["a"], 100.0) == {"a": 0.0}
    assert standing.update(["a", "b"], 130.0) == {"a": 30.0, "b": 0.0}
    assert standing.update(["a", "b"], 131.5) == {"a": 31.5, "b": 1.5}


def test_one_that_was_away_begins_anew() -> None:
    standing = Standing()
    standing.update(["a"], 100.0)
    standing.update([], 110.0)
    assert standing.update(["a"], 120.0) == {"a": 0.0}
