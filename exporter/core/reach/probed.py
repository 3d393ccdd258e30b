"""What was evaluated and what was tried, joined: which of the two decides, and the sentence about the try."""

from msgspec.structs import replace

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
# What is seen, and what follows from it.
WORDS = {
    OPEN: ("opens", ""),
    ANSWERED: ("answers", ""),
    CLOSED: ("opens and is closed at once", ""),
    REFUSED: ("is refused", "by a closed port, or by a rule that rejects"),
    TIMED_OUT: ("does not answer", "packets or answers are dropped"),
    SILENT: ("does not answer", "which proves nothing for UDP"),
    NO_NETWORK: ("fails", "the client has no route"),
    NO_ADDRESS: ("fails", "the client has no address of that IP version"),
    NOT_PERMITTED: ("fails", "a rule in the namespace of the client drops it"),
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
        command = "See the first failed step." if failures else ""
        return Step(PROBE, FAILED, words, "probe_failed", command), "" if failures else UNREACHABLE
    if not failures:
        return Step(PROBE, OK, words), REACHABLE
    if all(step.name == LISTENER and step.code in ACCEPTED_BY_OTHERS for step in failures):
        return Step(PROBE, OK, f"{words}: accepted by the kernel or by docker-proxy, which proves no service"), ""
    return Step(PROBE, UNKNOWN, f"{words}, although a step failed", "probe_contradicts"), UNDETERMINED


def _works(tried: Tried) -> bool | None:
    """Whether it works; None where that is not decided."""
    if tried.name is not None and not tried.name.addresses:
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
    without_answer = {REFUSED: "refuses the query", TIMED_OUT: "does not answer"}
    said = without_answer.get(name.rcode, f"answers {', '.join(name.addresses) or name.rcode}")
    return f"{name.server} {said} after {_milliseconds(name.seconds)}"


def _connect(connect: Connect) -> str:
    address = f"[{connect.address}]" if ":" in connect.address else connect.address
    seen, why = WORDS.get(connect.outcome, ("fails", connect.reason))
    if connect.outcome == NO_HOST:
        late = connect.seconds > ARP_SECONDS
        why = "no device has the address" if late else f"{connect.offender or 'a rule or a router'} rejects it"
    if connect.outcome == REFUSED and connect.offender:
        why = f"a rule of {connect.offender} rejects it"
    return f"{address} {seen} after {_milliseconds(connect.seconds)}" + (f", {why}" if why else "")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
