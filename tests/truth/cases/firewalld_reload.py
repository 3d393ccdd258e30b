"""firewalld reloaded, stopped and started again beside Docker, which writes its rules anew at each reload."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.live import firewall_programs
from tests.support.waiting import until
from tests.truth.case import ANY, Plant
from tests.truth.cases.firewalld import NEIGHBOUR, OUT
from tests.truth.cases.firewalld_permanent import CLOSING, healing
from tests.truth.cases.user_rules import FOUND, closed
from tests.truth.lab import FIREWALLD, START_SECONDS, UFW, Lab
from tests.truth.plants import LIVE_RESTORE, both, docker_restarted, shell
from tests.truth.probes import unreached
from tests.truth.rows import NOT_BROKEN, meant, ordinary, outage

KIND = "firewalld reloaded"
OLD: dict[str, Any] = {"engines": ("bookworm",), "programs": FIREWALLD, "fresh": True}
NEW: dict[str, Any] = {"engines": ("sid",), "programs": FIREWALLD}
ENDED: dict[str, Any] = {**NEW, "fresh": True}
APART: dict[str, Any] = {"asked": "", "probe": unreached("db", "other")}


@contextmanager
def closing(lab: Lab) -> Iterator[None]:
    """A direct rule in DOCKER-USER that closes a port, in force at once and at each reload.

    With firewalld 2 a reload puts it in force: Docker's chain is gone where it is the first one at run time.
    """
    chain, rule = CLOSING
    old = lab.suite == firewall_programs.OLD
    do = f"--permanent {chain}", f"--permanent {rule}", rule if old else "--reload"
    removed = [text.replace("--add", "--remove") for text in do]
    undo = (removed[2], removed[1], removed[0]) if old else (removed[1], removed[0], "--reload")
    lab.sh("\n".join(f"$in_root firewall-cmd {text}" for text in do))
    try:
        yield
    finally:
        lab.sh("\n".join(f"$in_root firewall-cmd {text}" for text in undo))


def reload(words: str = "--reload") -> Plant:
    """firewall-cmd with these arguments; nothing undoes it."""
    return shell(f"$in_root firewall-cmd {words}", ":")


def healed(words: str = "--reload") -> Plant:
    """The same, and the time in which Docker writes its rules."""
    return both(reload(words), healing)


# firewalld 2 flushes iptables before it, and Docker is not told
first_direct_rule = shell(
    "$in_root firewall-cmd --direct --add-rule ipv4 filter FORWARD 0 -s 203.0.113.0/24 -j DROP", ":"
)


@contextmanager
def stopped(lab: Lab) -> Iterator[None]:
    """Firewalld ended."""
    lab.sh(f"kill $(cat {firewall_programs.PID_FILE})")
    state = "$in_root firewall-cmd --state 2>&1 || true"
    until(lambda: "not running" in lab.sh(state), START_SECONDS, "firewalld has ended")
    yield


@contextmanager
def restarted(lab: Lab) -> Iterator[None]:
    """Firewalld ended and started again."""
    with stopped(lab), firewall_programs.firewalld(lab.host):
        yield


@contextmanager
def unknown_to_docker(lab: Lab) -> Iterator[None]:
    """Firewalld started beside a dockerd that is not on its bus."""
    with firewall_programs.bus(lab.host), firewall_programs.firewalld(lab.host):
        yield


CASES = (
    outage("firewalld: reload", KIND, reload(), "isolation_lost", **APART, **OLD),
    outage("firewalld: complete reload", KIND, reload("--complete-reload"), "isolation_lost", **APART, **OLD),
    outage(
        "firewalld: reload, and rules in DOCKER-USER",
        KIND,
        reload(),
        FOUND,
        base=closing,
        asked="",
        probe=closed,
        **OLD,
    ),
    ordinary(
        "firewalld: reload, and Docker restarted",
        KIND,
        both(reload(), docker_restarted),
        flags=LIVE_RESTORE,
        **APART,
        **OLD,
    ),
    ordinary("firewalld: reload of 28", KIND, healed(), **NEW),
    ordinary("firewalld: reload of 28, and the way out", KIND, healed(), **OUT, **NEW),
    ordinary("firewalld: reload of 28, and isolation", KIND, healed(), **APART, **NEW),
    ordinary("firewalld: complete reload of 28", KIND, healed("--complete-reload"), **NEW),
    ordinary("firewalld: logging of what is denied, of 28", KIND, healed("--set-log-denied=all"), **OUT, **NEW),
    meant("firewalld: reload of 28, and rules in DOCKER-USER", KIND, both(closing, healed()), **NEW),
    outage("firewalld: restart", KIND, restarted, "isolation_lost", **APART, **OLD),
    ordinary("firewalld: restart of 28", KIND, restarted, **ENDED),
    outage("firewalld: first direct rule", KIND, first_direct_rule, "missing_chain", **ENDED),
    outage(
        "firewalld: first direct rule, and the way out",
        KIND,
        first_direct_rule,
        "missing_chain",
        **OUT,
        **ENDED,
    ),
    # firewalld 1 deletes Docker's rules as well, and docker-proxy goes on serving the port
    outage("firewalld: stop", KIND, stopped, "missing_chain", works=True, verdicts=NOT_BROKEN, **OLD),
    outage("firewalld: stop, and the way out", KIND, stopped, "missing_chain", **OUT, **OLD),
    outage("firewalld: stop, and a neighbour", KIND, stopped, "bridge_filtered", **NEIGHBOUR, **OLD),
    ordinary("firewalld: stop of 2", KIND, stopped, **ENDED),
    ordinary("firewalld: stop of 2, and the way out", KIND, stopped, **OUT, **ENDED),
    outage("firewalld: not known to Docker", KIND, unknown_to_docker, ANY, programs=UFW, fresh=True, **OUT),
)
