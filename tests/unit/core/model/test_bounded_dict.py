"""A dictionary of a maximum length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.core.model.bounded_dict import BoundedDict


def filled(maxlen: int, keys: str) -> BoundedDict[str, int]:
    """A dictionary into which each of the keys was written in turn."""
    made: BoundedDict[str, int] = BoundedDict(maxlen)
    for number, key in enumerate(keys):
        made[key] = number
    return made


def test_a_key_beyond_the_maximum_evicts_the_one_written_longest_ago() -> None:
    assert dict(filled(2, "abc")) == {"b": 1, "c": 2}


def test_a_key_that_is_written_again_becomes_the_latest() -> None:
    assert list(filled(2, "abac")) == ["a", "c"]


def test_a_key_that_is_only_read_is_evicted_in_its_turn() -> None:
    made = filled(2, "ab")
    assert made["a"] == 0
    assert made.get("a") == 0
    made["c"] = 2
    assert list(made) == ["b", "c"]


def test_setdefault_keeps_a_value_that_is_there() -> None:
    made = filled(2, "ab")
    assert made.setdefault("a", 9) == 0
    assert made.setdefault("c", 9) == 9
    assert list(made) == ["b", "c"]


def test_a_smaller_maximum_evicts_at_once() -> None:
    made = filled(3, "abc")
    made.resize(1)
    assert list(made) == ["c"]
    assert made.maxlen == 1


def test_a_larger_maximum_makes_room() -> None:
    made = filled(1, "a")
    made.resize(2)
    made["b"] = 1
    assert list(made) == ["a", "b"]


def test_a_key_that_was_deleted_is_absent() -> None:
    made = filled(2, "ab")
    del made["a"]
    assert "a" not in made
    assert made.pop("a", None) is None
    with pytest.raises(KeyError):
        made["a"]


def test_a_maximum_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid maxlen 0"):
        BoundedDict(0)


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_it_holds_the_keys_written_last(keys: list[int], maxlen: int) -> None:
    made: BoundedDict[int, None] = BoundedDict(maxlen)
    for key in keys:
        made[key] = None
    latest = list(dict.fromkeys(reversed(keys)))[:maxlen]
    assert list(made) == latest[::-1]
