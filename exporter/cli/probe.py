"""`explain --probe`: try from inside the container what was evaluated. The command alone does it, never the API."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec.structs import replace

from exporter.core.explain.query import find_source
from exporter.core.observation import Observation
from exporter.core.reach.answer import ReachAnswer, ReachPath
from exporter.core.reach.probed import joined
from exporter.core.reach.question import ANYWHERE_PORT, Question
from exporter.kernel.reach.probe.probe import Attempt, probe

MAX_PATHS = 8  # at once: each ends within 5 seconds


def probed(observation: Observation, question: Question, answer: ReachAnswer, procfs: Path) -> ReachAnswer:
    """Try each path, the name with the first, and join the outcomes; a container that is down cannot send."""
    inventory = observation.topology.inventory
    client = find_source(inventory, question.source)
    if client is None or not client.live:
        return answer
    home = inventory.containers.get(client.network_owner, client)
    attempts = [_attempt(answer, path, first=not number) for number, path in enumerate(answer.paths[:MAX_PATHS])]
    with ThreadPoolExecutor(MAX_PATHS) as pool:
        tried = list(pool.map(lambda attempt: probe(procfs, home, attempt), attempts))
    paths = [joined(path, found) for path, found in zip(answer.paths, tried, strict=False)]
    return replace(answer, paths=(*paths, *answer.paths[MAX_PATHS:]))


def _attempt(answer: ReachAnswer, path: ReachPath, *, first: bool) -> Attempt:
    server, names = answer.resolver
    address = path.target.address
    return Attempt(
        names=names if first else (),
        server=server,
        addresses=(address,) if address else (),
        protocol=path.protocol,
        port=path.port or (0 if address else ANYWHERE_PORT),
        mtu=path.mtu,
    )
