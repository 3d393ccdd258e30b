"""The TCP connections that were counted between the ends of a question: when the last ones were, and how they went."""

from collections.abc import Iterable

from exporter.core.connections.pair import CLIENT, CONTAINER, HOST, OUTSIDE, SERVICE, ConnectionReport, Pair
from exporter.core.reach import question as questions
from exporter.core.reach.answer import ReachPath
from exporter.core.reach.question import Question
from exporter.core.views.connection_rows import ConnectionRow, connection_row

TARGET_KINDS = {questions.HOST: HOST, questions.INTERNET: OUTSIDE}


def counted_connections(
    report: ConnectionReport | None, client: str, question: Question, paths: Iterable[ReachPath]
) -> tuple[ConnectionRow, ...] | None:
    """Return the pairs of a client with the targets of the paths; None where connections are not counted.

    `client` is the container whose network namespace it uses. An address outside has no pair of its own: all of them
    are one.
    """
    if report is None:
        return None
    kind = TARGET_KINDS.get(question.target)
    names = {question.target, *(path.target.container for path in paths)} - {""} if kind is None else set()
    return tuple(
        connection_row(pair, sums)
        for pair, sums in report.pairs.items()
        if pair.container == client and pair.side == CLIENT and _concerns(pair, question.port, kind, names)
    )


def _concerns(pair: Pair, port: int, kind: str | None, names: set[str]) -> bool:
    if port and pair.port != str(port):
        return False
    return pair.peer_kind == kind if kind else pair.peer_kind in (CONTAINER, SERVICE) and pair.peer in names
