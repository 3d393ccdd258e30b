"""Rows of a document that another exporter has sent: any field may be missing, new or of any type."""

import math
from collections.abc import Mapping
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def row_from(kind: type[T], found: Mapping[str, Any]) -> T:
    """Make a row; fields that only a newer exporter has are ignored.

    Raises TypeError for a field that is missing or has not its declared type, AttributeError where `found` is no
    object.
    """
    key: Any = kind
    types = _types(key)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    known = {name: value for name, value in values.items() if name in types}
    for name, value in known.items():
        if not _is(types[name], value):
            raise TypeError(f"{name} is {type(value).__name__}, expected {types[name]}")
    return kind(**known)


@lru_cache
def _types(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is(wanted: Any, value: Any) -> bool:
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is UnionType:
        return any(_is(one, value) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_is(inner[0], one) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_is(inner[1], one) for one in value.values())
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
