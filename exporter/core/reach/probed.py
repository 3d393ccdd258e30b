"""What was evaluated and what was tried, joined: which of the two decides, and the sentence about the try."""

from dataclasses import replace

from exporter.core.explain.path import FAILED, LISTENER, OK, REACHABLE, UNDETERMINED, UNKNOWN, UNREACHABLE, Step
from exporter.core.reach.answer import PROBE, ReachPath
from exporter.core.reach.tried import (
    ANSWERED,
    CLOSED,
    NO_ADDRESS,
    NO_HOST,
    NO_NETWORK,
    NOT_PERMITTED,
    OPEN,
    REFUSED,
    SILENT,
    TIMED_OUT,
    TOO_BIG,
    Connect,
    NameAnswer,
    Tried,
)

REACHES = (OPEN, ANSWERED)
ARP_SECONDS = 2.0  # unreachable is an answer of a rule or a router before that time, the end of ARP after it
# A kernel accepts for a paused container, docker-proxy for a service that does not listen.
ACCEPTED_BY_OTHERS = frozenset({"container_paused", "not_listening", "loopback_only", "wrong_address", "backlog_full"})
WORDS = {
    OPEN: "opens",
    ANSWERED: "answers",
    CLOSED: "opens and is closed at once",
    REFUSED: "is refused, by a closed port or by a rule that rejects",
    TIMED_OUT: "does not answer: packets or answers are dropped",
    SILENT: "does not answer, which proves nothing for UDP",
    NO_NETWORK: "fails: no route",
    NO_ADDRESS: "fails: no address of that IP version",
    NOT_PERMITTED: "fails: a rule in the namespace of the client drops it",
}


def joined(path: ReachPath, tried: Tried) -> ReachPath:
    """Return the path with the step of the try, and the verdict that follows of both."""
    if tried.error:
        step = Step(PROBE, UNKNOWN, f"it could not be tried: {tried.error}", "privilege_missing")
        return replace(path, steps=(*path.steps, step), tried=tried)
    works, words = _works(tried), f"tried: {'; '.join(_words(tried))}"
    if works is None:
        return replace(path, steps=(*path.steps, Step(PROBE, UNKNOWN, words, "probe_undecided")), tried=tried)
    step, verdict = _decided(path, works=works, words=words)
    return replace(path, steps=(*path.steps, step), tried=tried, decided=verdict)


def _decided(path: ReachPath, *, works: bool, words: str) -> tuple[Step, str]:
    """The step, and the verdict where it is not that of the worst step."""
    failures = [step for step in path.steps if step.state not in (OK, UNKNOWN)]
    if not works:
        return Step(PROBE, FAILED, words, "probe_failed"), "" if failures else UNREACHABLE
    if not failures:
        return Step(PROBE, OK, words), REACHABLE
    if all(step.name == LISTENER and step.code in ACCEPTED_BY_OTHERS for step in failures):
        return Step(PROBE, OK, f"{words}: accepted by the kernel or by docker-proxy, which proves no service"), ""
    return Step(PROBE, UNKNOWN, f"{words}, although a step failed", "probe_contradicts"), UNDETERMINED


def _works(tried: Tried) -> bool | None:
    """Whether it works; None where that is not decided."""
    if tried.name is not None and not tried.name.addresses and tried.connect is None:
        return False
    if tried.connect is not None:
        if tried.connect.outcome in (SILENT, CLOSED):
            return None
        if tried.connect.outcome not in REACHES:
            return False
    if tried.echo is not None and tried.echo.outcome in (TIMED_OUT, TOO_BIG) and tried.echo.smaller:
        return None  # it works for small packets alone
    return True if tried.connect is not None else None


def _words(tried: Tried) -> list[str]:
    found = []
    if tried.name is not None:
        found.append(_name(tried.name))
    if tried.connect is not None:
        found.append(_connect(tried.connect))
    if tried.echo is not None and tried.echo.outcome == ANSWERED:
        found.append(f"{tried.echo.size} bytes get there")
    elif tried.echo is not None and tried.echo.smaller:
        found.append(f"{tried.echo.size} bytes do not get there, and small packets do")
    return found


def _name(name: NameAnswer) -> str:
    if name.addresses:
        return f"{name.server} answers {', '.join(name.addresses)} after {_milliseconds(name.seconds)}"
    return f"{name.server} answers {name.rcode} after {_milliseconds(name.seconds)}"


def _connect(connect: Connect) -> str:
    address = f"[{connect.address}]" if ":" in connect.address else connect.address
    words = WORDS.get(connect.outcome, f"fails: {connect.reason}")
    if connect.outcome == NO_HOST:
        late = connect.seconds > ARP_SECONDS
        by = connect.offender or "a rule or a router"
        words = (
            "fails: no device has the address (ARP)" if late else f"fails: {by} reports that the host is unreachable"
        )
    return f"{address} {words} after {_milliseconds(connect.seconds)}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
