"""Results that stay the same object."""

import pytest

from exporter.core.model.memo import IdentityMemo, keep_equal


def joined(first: list[int], second: list[int]) -> list[int]:
    return first + second


def test_the_same_arguments_give_the_same_object() -> None:
    memo = IdentityMemo(joined)
    first, second = [1], [2]
    assert memo(first, second) == [1, 2]
    assert memo(first, second) is memo(first, second)


def test_an_equal_argument_that_is_another_object_is_evaluated_again() -> None:
    memo = IdentityMemo(joined)
    first, second = [1], [2]
    before = memo(first, second)
    assert memo(first, [2]) == before
    assert memo(first, [3]) == [1, 3]


def test_only_the_last_arguments_are_remembered() -> None:
    memo = IdentityMemo(joined)
    first, second = [1], [2]
    before = memo(first, second)
    memo(second, first)
    assert memo(first, second) is not before


def test_a_call_that_raised_is_repeated() -> None:
    calls: list[int] = []

    def fragile(value: object) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError(value)
        return len(calls)

    memo, argument = IdentityMemo(fragile), object()
    with pytest.raises(ValueError, match="object"):
        memo(argument)
    assert memo(argument) == 2
    assert memo(argument) == 2


def test_an_equal_value_is_replaced_by_the_one_that_was_there() -> None:
    old = [1]
    assert keep_equal(old, [1]) is old


def test_another_value_replaces_the_one_that_was_there() -> None:
    new = [2]
    assert keep_equal([1], new) is new
