"""What the query of the page selects."""

from msgspec import Struct


class PageState(Struct, frozen=True):
    """`show` is kind/name, `opened` networks whose containers are drawn one by one."""

    show: str = ""
    opened: frozenset[str] = frozenset()
