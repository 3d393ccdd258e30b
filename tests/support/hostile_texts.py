"""Texts and documents that others choose, and how a reader's time grows with their length."""

import copy
from collections.abc import Callable
from time import process_time
from typing import Any

from hypothesis import strategies as st

SHORT, LONG = 4096, 65_536  # characters; the first is what the engine's texts are cut at

# What the patterns of the readers look for, and what separates it.
PARTS = (
    *("driver failed programming external connectivity on endpoint ", "Bind for 0.0.0.0:80 failed: ", "listen tcp "),
    *("failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: ", "address already in use", "port is already "),
    *("failed to listen on TCP socket: ", "network ", "not found", "cannot join network of a non running container: "),
    *("EADDRINUSE", "Address in use", "port 80", ":80", "[::]:", "0.0.0.0", "127.0.0.1", "tcp/", "8080-8090", "/udp"),
    *("\0-container-ip\0", "\0-proto\0tcp", "docker-", "0123456789abcdef" * 4, ".scope", "/", "user.slice/", "\n"),
    *(
        "Basic ",
        "Zm9v",
        "gzip;q=0.",
        "application/openmetrics-text",
        ",",
        ";",
        "=",
        ":",
        "::",
        "[",
        "]",
        '"',
        "\\",
        "<",
    ),
    *(
        "&",
        "\x1b[31m",
        "\x9b",
        "\u202e",
        "\r",
        "\x01\0\0\0\0\0\0\x05",
        "{",
        "}",
        " ",
        "  ",
        "a",
        "%",
        "é",
        "\ud800",
        "\udc80",
        "\U0001f600",
    ),
)
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=20), max_size=60).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
Read = Callable[[str], object]


def is_linear(read: Read, part: str) -> bool:
    """Whether 16 times the length takes about 16 times as long, and not 256 times; a busy machine gets a second try."""
    return any(seconds(read, part, LONG) <= 4 * (LONG / SHORT) * seconds(read, part, SHORT) + 0.05 for _ in range(2))


def seconds(read: Read, part: str, length: int) -> float:
    """The processor's time for so many characters of a repeated part."""
    text = (part * (length // len(part) + 1))[:length]
    started = process_time()
    read(text)
    return process_time() - started


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a document."""
    rows = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [path, *(place for key, value in rows for place in places(value, (*path, key)))]


def mutated(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value at a place."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed
