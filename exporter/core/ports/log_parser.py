"""Log lines about an address in use (EADDRINUSE). They prove nothing: applications also log errors of others.

The port is there in most runtimes' words, and sometimes a line earlier or later (postgres, mariadb, mosquitto).
Other numbers do no harm: a port counts only when another owner holds it.
"""

import re
from collections.abc import Iterator, Sequence

from exporter.core.model.container_details import LogEvidence

MAX_PORT = 65535
NEIGHBOURS = 2  # lines before and after that may contain the port

_IN_USE = re.compile(
    r"EADDRINUSE|AddrInUse|address (?:is )?already in use|connection in use: \(|\berrno[ =:]*98\b|\(98[):]"
    r"|only one usage of each socket address"
    r"|\bport (?:\d+ )?(?:is |was )?(?:already )?(?:in use|allocated|being used)",
    re.IGNORECASE,
)
# 0.0.0.0:80, [::]:80, *:80, :80, :::80, localhost:80; no time of day, and no line of a source file.
_ENDPOINT = re.compile(
    r"(?<![\w.:\]*])(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.%\w]*\]|\*|localhost|::)?:(\d{1,5})(?!\w|[.:]\d)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\('[^']*', (\d{1,5})\)")  # Python's
_NAMED = re.compile(r"\bport[\s:=]+(\d{1,5})\b", re.IGNORECASE)


def parse_log(lines: Sequence[str]) -> LogEvidence:
    """Read the last lines of a log."""
    told = [number for number, line in enumerate(lines) if _IN_USE.search(line)]
    ports = dict.fromkeys(port for number in told for port in _ports_near(lines, number))
    return LogEvidence(len(told), tuple(ports))


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
