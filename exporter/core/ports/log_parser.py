"""Log lines about an address in use (EADDRINUSE). They prove nothing: applications also log errors of others.

The port is there in most runtimes' words, and sometimes a line earlier or later (postgres, mariadb, mosquitto).
Other numbers do no harm: a port counts only when another owner holds it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from exporter.core.model.container_details import LogEvidence
from exporter.core.ports.in_use_texts import FAILED_BIND_TEXTS, IN_USE_TEXTS, OTHER_CAUSES

MAX_PORT = 65535
NEIGHBOURS = 2  # lines before and after that may contain the port
MAX_LINES, MAX_LINE_LENGTH = 200, 2048  # of a log; what is longer is cut


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(texts), re.IGNORECASE)


_IN_USE, _FAILED_BIND, _OTHER_CAUSE = _any_of(IN_USE_TEXTS), _any_of(FAILED_BIND_TEXTS), _any_of(OTHER_CAUSES)
# 0.0.0.0:80, [::]:80, *:80, :80, :::80, localhost:80; no time of day, and no line of a source file.
_ENDPOINT = re.compile(
    r"(?<![\w.:\]*])(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.%\w]*\]|\*|localhost|::)?:(\d{1,5})(?!\w|[.:]\d)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\('[^']*', (\d{1,5})\)")  # Python's
_NAMED = re.compile(r"\bport[\s:=]+(\d{1,5})\b", re.IGNORECASE)
PATTERNS = (_IN_USE, _FAILED_BIND, _OTHER_CAUSE, _ENDPOINT, _PAIR, _NAMED)


def parse_log(lines: Sequence[str]) -> LogEvidence:
    """Read the last lines of a log."""
    lines = [line[:MAX_LINE_LENGTH] for line in lines[-MAX_LINES:]]
    found = [number for number, line in enumerate(lines) if _is_in_use(line)]
    ports = dict.fromkeys(port for number in found for port in _ports_near(lines, number))
    return LogEvidence(len(found), tuple(ports))


def _is_in_use(line: str) -> bool:
    if _IN_USE.search(line):
        return True
    return _FAILED_BIND.search(line) is not None and not _OTHER_CAUSE.search(line)


def _ports_near(lines: Sequence[str], number: int) -> Iterator[int]:
    """Yield what the line names, or, when it names none, what those around it call a port."""
    found = [*_numbers(lines[number], _ENDPOINT), *_numbers(lines[number], _PAIR), *_numbers(lines[number], _NAMED)]
    if not found:
        around = lines[max(0, number - NEIGHBOURS) : number + NEIGHBOURS + 1]
        found = [port for line in around for port in _numbers(line, _NAMED)]
    yield from found


def _numbers(line: str, pattern: re.Pattern[str]) -> Iterator[int]:
    for match in pattern.finditer(line):
        if 0 < (port := int(match[1])) <= MAX_PORT:
            yield port
