"""firewalld reloaded, stopped and started again beside Docker, which writes its rules anew at each reload."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.support.live import firewall_programs
from tests.support.waiting import until
from tests.truth.case import ANY, Plant
from tests.truth.cases.firewalld import OUT, asked
from tests.truth.cases.user_rules import FOUND, closed
from tests.truth.lab import FIREWALLD, START_SECONDS, UFW, Lab
from tests.truth.plants import both, shell
from tests.truth.probes import unreached
from tests.truth.rows import meant, ordinary, outage

KIND = "firewalld reloaded"
OLD: dict[str, Any] = {"engines": ("bookworm",), "programs": FIREWALLD, "fresh": True}
NEW: dict[str, Any] = {"engines": ("sid",), "programs": FIREWALLD}
APART: dict[str, Any] = {"asked": "", "probe": unreached("db", "other")}


# firewalld deletes what others wrote into DOCKER-USER, and writes its own direct rules anew
DIRECT = "--permanent --direct --{}-rule ipv4 filter DOCKER-USER 0 -p tcp --dport 80 -j DROP"


def closing(lab: Lab) -> AbstractContextManager[object]:
    """A permanent direct rule in DOCKER-USER that closes a port; it is in force at once."""
    now = DIRECT.removeprefix("--permanent ")
    plant = asked(f"{DIRECT.format('add')}; $in_root firewall-cmd {now.format('add')}", DIRECT.format("remove"))
    return plant(lab)


def reload(words: str = "--reload") -> Plant:
    """firewall-cmd with these arguments; nothing undoes it."""
    return shell(f"$in_root firewall-cmd {words}", ":")


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
    ordinary("firewalld: reload of 28", KIND, reload(), **NEW),
    ordinary("firewalld: reload of 28, and the way out", KIND, reload(), **OUT, **NEW),
    ordinary("firewalld: reload of 28, and isolation", KIND, reload(), **APART, **NEW),
    ordinary("firewalld: complete reload of 28", KIND, reload("--complete-reload"), **NEW),
    ordinary("firewalld: logging of what is denied, of 28", KIND, reload("--set-log-denied=all"), **NEW),
    meant("firewalld: reload of 28, and rules in DOCKER-USER", KIND, both(closing, reload()), **NEW),
    ordinary("firewalld: restart", KIND, restarted, programs=FIREWALLD, fresh=True),
    ordinary("firewalld: stop", KIND, stopped, programs=FIREWALLD, fresh=True),
    outage("firewalld: not known to Docker", KIND, unknown_to_docker, ANY, programs=UFW, fresh=True, **OUT),
)
