"""How names are spelled for the DNS server of the engine, and for the C library of a client."""

import re

# What miekg/dns escapes in the name of a query: the engine compares the escaped text (20.10 to 29.7).
_ESCAPED = frozenset(" '@;()\"\\")
_PART = r"(0[xX][0-9a-fA-F]*|[0-9]+)"
_NUMBERS = re.compile(rf"{_PART}(\.{_PART}){{0,3}}")


def is_compared(name: str) -> bool:
    """Whether the engine's DNS server compares a name as it is written: printable ASCII that is not escaped."""
    return name.isascii() and name.isprintable() and _ESCAPED.isdisjoint(name)


def is_number(name: str) -> bool:
    """Whether a C library takes the name for an address (inet_aton(3)), as 2024 for 0.0.7.232."""
    return _NUMBERS.fullmatch(name) is not None
