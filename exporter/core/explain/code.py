"""The shape of a code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`cause` and `remedy` are sentences; `kinds` are the findings that state the same fault."""

    cause: str
    remedy: str
    kinds: tuple[str, ...] = ()
