"""Texts of the engine, whatever their length and number: an image chooses labels, exposed ports and its entrypoint."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from ipaddress import ip_address, ip_network
from itertools import islice
from typing import TypeVar

from exporter.log import get_logger

MAX_TEXT, MAX_LABEL = 4096, 256  # characters
MAX_ENTRIES = 1024  # labels, exposed ports and words of the command line of one container

T = TypeVar("T")

log = get_logger(component="engine")


def text(value: object, limit: int = MAX_TEXT) -> str:
    """Return it as text cut at `limit` characters, '' for null and what is absent."""
    found = str(value or "")
    if len(found) <= limit:
        return found
    _report_cut(limit)
    return found[:limit]


def label(value: object) -> str:
    """Return a text that may become the value of a label; equal ones, which an engine repeats, are one object."""
    return sys.intern(text(value, MAX_LABEL))


def first(entries: Iterable[T]) -> Iterator[T]:
    """Yield at most MAX_ENTRIES of what an image may have hundreds of thousands of."""
    rest = iter(entries)
    yield from islice(rest, MAX_ENTRIES)
    if next(rest, None) is not None:
        _report_many()


def address(value: object) -> str:
    """Return an IP address; '' for any other text, which a plugin or another engine may answer."""
    return _valid(ip_address, label(value))


def subnet(value: object) -> str:
    """Return a subnet in CIDR notation; '' for any other text."""
    return _valid(partial(ip_network, strict=False), label(value))


def _valid(parse: Callable[[str], object], found: str) -> str:
    try:
        return found if found and parse(found) else ""
    except ValueError:
        _report_invalid()
        return ""


def unique_name(value: object, object_id: str) -> str:
    """Return a name as the value of a label; of one that is cut the end is the id, so that it stays unique."""
    found = label(value)
    return found if len(str(value or "")) <= MAX_LABEL else f"{found[: MAX_LABEL - 13]}-{object_id[:12]}"


@cache
def _report_invalid() -> None:
    """Log once: the same address is answered at every read."""
    log.warning("invalid address or subnet from the engine, ignored")


@cache
def _report_many() -> None:
    """Log once: the same container is inspected again and again."""
    log.warning("labels, exposed ports or arguments of a container cut", max_entries=MAX_ENTRIES)


@cache
def _report_cut(limit: int) -> None:
    """Log once for each limit: the texts may change at every read."""
    log.warning("text from the engine cut", max_characters=limit)
