"""What the query of the page selects."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageState:
    """`show` is kind/name, `opened` networks whose containers are drawn one by one."""

    show: str = ""
    opened: frozenset[str] = frozenset()
