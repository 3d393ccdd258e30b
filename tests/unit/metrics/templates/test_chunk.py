"""Chunks of series: whatever changes, they are the series in their order, and what did not change is not made again."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.templates.chunk import SIZE, Chunk, split
from exporter.metrics.templates.series import Series


def series(numbers: list[int]) -> list[Series]:
    return [Series((("container", f"c{number}"),), 0.0) for number in numbers]


def flat(chunks: list[Chunk]) -> list[Series]:
    return [one for chunk in chunks for one in chunk.series]


def test_a_series_that_comes_or_goes_changes_its_own_chunk_only() -> None:
    numbers = [*range(0, 10 * SIZE, 2)]
    before = split(series(numbers), ())
    for changed in (sorted([*numbers, 2 * SIZE + 101]), [n for n in numbers if n != 2 * SIZE + 100]):
        after = split(series(changed), before)
        assert flat(after) == series(changed)
        assert len(after) == len(before)
        assert sum(new is not old for new, old in zip(after, before, strict=True)) == 1


def test_another_time_of_creation_is_another_series() -> None:
    before = split(series([1, 2]), ())
    again = [before[0].series[0], before[0].series[1]._replace(created=1.0)]
    assert split(again, before)[0] is not before[0]


@given(st.lists(st.lists(st.integers(0, 1500), max_size=1500), max_size=5))
def test_chunks_are_the_series_in_their_order_and_of_a_bounded_size(states: list[list[int]]) -> None:
    chunks: list[Chunk] = []
    for numbers in states:
        chunks = split(series(numbers), chunks)
        assert flat(chunks) == series(numbers)
        assert all(0 < len(chunk.series) < 2 * SIZE for chunk in chunks)


def test_series_that_come_between_two_chunks_make_no_chunk_of_their_own() -> None:
    """Else a host on which containers come and go would end with a chunk for each."""
    chunks = split(series([*range(0, 8 * SIZE, 2)]), ())
    count = len(chunks)
    for boundary in range(2 * SIZE, 8 * SIZE, 2 * SIZE):
        numbers = sorted([*(int(one.labels[0][1][1:]) for one in flat(chunks)), boundary - 1])
        chunks = split(series(numbers), chunks)
        assert flat(chunks) == series(numbers)
    assert len(chunks) == count
