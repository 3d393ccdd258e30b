"""At least half of the connects of a pair failed in the last five minutes, of ten or more; or no local port was left.

Guard: the last connects failed, too, so a server that is starting ends it with its first connection; pairs beyond the
bounds, as of port scans, are not one peer. Info: peers on the host or outside, a peer that does not run, and connects
that only the application gave up, which are races of addresses and short timeouts, too; those next to connections that
were established are not reported.
"""

from collections.abc import Iterator

from exporter.core.connections.context import ConnectionContext
from exporter.core.connections.pair import CONTAINER, OTHER, SERVICE, UNASSIGNED, Pair
from exporter.core.connections.tries import Tries
from exporter.core.findings.finding import INFO, WARNING, Finding, Severity
from exporter.core.model.docker import Container
from exporter.core.network.context import finding

KIND = "connect_failing"
MIN_TRIES, MIN_SHARE = 10, 0.5
ABANDONED, NO_PORT, REFUSED = "abandoned", "no_port", "refused"
OF_HOST = "(host)"


def check(context: ConnectionContext) -> Iterator[Finding]:
    """Compare each pair's failed connects with all."""
    running = {c.name: c for c in context.inventory.containers.values() if c.live}
    for pair, tries in context.tries.items():
        if OTHER in (pair.port, pair.peer_kind) or not _is_failing(tries):
            continue
        reason = max(tries.failed, key=lambda name: tries.failed[name])
        client, peer = pair.container or OF_HOST, pair.peer or f"({pair.peer_kind})"
        detail = f"connects from {client} to {peer}, port {pair.port}, fail: {reason}{_cause(pair, reason, running)}"
        severity = _severity(pair, tries, running)
        network = _shared_network(pair, running)
        yield finding(KIND, severity, network, f"{client} to {peer}:{pair.port}", detail, key=pair)


def _is_failing(tries: Tries) -> bool:
    if not tries.failing:
        return False
    if NO_PORT in tries.failed:
        return True
    if tries.established and tries.failed.keys() == {ABANDONED}:
        return False
    failed = sum(tries.failed.values())
    total = failed + tries.established
    return total >= MIN_TRIES and failed >= MIN_SHARE * total


def _severity(pair: Pair, tries: Tries, running: dict[str, Container]) -> Severity:
    if NO_PORT in tries.failed:
        return WARNING
    stopped = pair.peer_kind == CONTAINER and pair.peer not in running
    inside = pair.peer_kind in (CONTAINER, SERVICE, UNASSIGNED)
    return INFO if stopped or not inside or tries.failed.keys() == {ABANDONED} else WARNING


def _cause(pair: Pair, reason: str, running: dict[str, Container]) -> str:
    if reason == NO_PORT or pair.peer_kind == UNASSIGNED:
        return ", no local port is left" if reason == NO_PORT else ", no container has that address"
    if pair.peer_kind != CONTAINER:
        return ""
    if pair.peer not in running:
        return f", {pair.peer} does not run"
    if reason == REFUSED:
        return ", no process listens there or a firewall rejects it"
    separate = _has_networks(pair, running) and not _common(pair, running)
    return ", they share no network" if separate else ""


def _shared_network(pair: Pair, running: dict[str, Container]) -> str:
    shared = _common(pair, running)
    return shared.pop() if len(shared) == 1 else ""


def _common(pair: Pair, running: dict[str, Container]) -> set[str]:
    ends = [{e.network for e in running[name].endpoints} for name in (pair.container, pair.peer) if name in running]
    return ends[0] & ends[1] if len(ends) == 2 else set()  # noqa: PLR2004


def _has_networks(pair: Pair, running: dict[str, Container]) -> bool:
    return all(name in running and running[name].endpoints for name in (pair.container, pair.peer))
