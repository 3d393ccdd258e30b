"""PromQL expressions taken apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import promql_parser as promql

CHILDREN = ("expr", "lhs", "rhs", "param")


@dataclass(frozen=True)
class Selector:
    """A selector: its labels, the functions around it from the innermost, and its range if it has one."""

    family: str
    labels: frozenset[str]
    matchers: frozenset[str]
    functions: tuple[str, ...]
    window: timedelta | None


def selectors(expression: str) -> list[Selector]:
    """Every selector of an expression; ValueError when it does not parse."""
    return list(_below(promql.parse(expression), ()))


def _below(expr: object, functions: tuple[str, ...]) -> Iterator[Selector]:
    if isinstance(expr, promql.MatrixSelector):
        yield _selector(expr.vector_selector, functions, expr.range)
    elif isinstance(expr, promql.VectorSelector):
        yield _selector(expr, functions, None)
    around = (expr.func.name, *functions) if isinstance(expr, promql.Call) else functions
    for name in CHILDREN:
        if (child := getattr(expr, name, None)) is not None:
            yield from _below(child, around)
    for argument in getattr(expr, "args", None) or ():
        yield from _below(argument, around)


def _selector(expr: promql.VectorSelector, functions: tuple[str, ...], window: timedelta | None) -> Selector:
    matchers = expr.matchers.matchers
    texts = frozenset(str(matcher) for matcher in matchers)
    return Selector(expr.name or "", frozenset(matcher.name for matcher in matchers), texts, functions, window)
