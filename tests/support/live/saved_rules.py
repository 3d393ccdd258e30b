"""What iptables-save tells, counted."""

import re
from collections import Counter

from tests.support.private_host.host import PrivateHost

RULE = re.compile(r"^\[\d+:\d+\] -A (?P<chain>\S+)(?:.* -[jg] (?P<target>\S+))?")


def saved(host: PrivateHost, command: str, family: str, tables: tuple[str, ...]) -> Counter[tuple[str, str, str, str]]:
    """(family, table, chain, target) -> how many rules, of these tables."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    table = ""
    for line in host.run(command, "-c").stdout.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif (rule := RULE.match(line)) and table in tables:
            found[family, table, rule["chain"], rule["target"] or ""] += 1
    return found
