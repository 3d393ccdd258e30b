"""Attributes of nf_tables: what does not fill the data is an error, not an end."""

import pytest

from exporter.kernel.netlink.messages import attribute, text, walk
from exporter.kernel.netlink.nfnetlink import attributes, number
from tests.support.kernel.messages import raw_attribute


def test_attributes_are_walked_in_their_order_over_their_padding() -> None:
    data = attribute(2, b"a") + attribute(1, b"abcd") + attribute(2, b"")
    assert list(walk(data)) == [(2, b"a"), (1, b"abcd"), (2, b"")]
    assert list(walk(b"")) == []


def test_the_last_one_needs_no_padding_and_the_nested_mark_is_no_part_of_the_type() -> None:
    assert list(walk(raw_attribute(5, 1 | 0x8000, b"a"))) == [(1, b"a")]


@pytest.mark.parametrize(
    "data",
    [
        attribute(1, b"abcd") + b"\0",
        attribute(1, b"abcd") + bytes(3),
        raw_attribute(3, 1),
        raw_attribute(0, 1) + bytes(8),
        raw_attribute(9, 1, b"abcd"),
        attribute(1, b"abcd")[:-1],
    ],
    ids=["a byte more", "three more", "shorter than its head", "of no length", "longer than the data", "cut off"],
)
def test_what_does_not_fill_the_data_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="attribute"):
        list(walk(data))


def test_one_that_is_there_twice_is_an_error_where_one_is_wanted() -> None:
    assert attributes(attribute(1, b"a") + attribute(2, b"b")) == {1: b"a", 2: b"b"}
    with pytest.raises(ValueError, match="twice"):
        attributes(attribute(1, b"a") + attribute(1, b"a"))


def test_numbers_and_strings_are_read_as_the_kernel_writes_them() -> None:
    assert (number(b"\0\0\1\2"), number(b"")) == (258, 0)
    assert (text(b"nat\0"), text(b"nat\0junk"), text(b"nat"), text(b"\xff")) == ("nat", "nat", "nat", "\ufffd")
