"""Bounds of what is read from an engine, which may hang, drip or send without end."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Sizes in bytes of a whole answer with its head, of one event, and of the last lines of a log that are read."""

    list_bytes: int = 64 << 20
    document_bytes: int = 8 << 20
    event_bytes: int = 1 << 20
    log_bytes: int = 1 << 18
    queue: int = 10_000  # events and answers that wait for the inventory
    event_kinds: int = 256  # pairs of type and action that are counted apart


class Timing(Struct, frozen=True):
    """Seconds. A list never waits for a container: an engine that is silent for longer than `request_timeout` hangs.

    `answer` is for a whole answer, however slowly it comes. A silent event stream is trusted for `quiet`, then the
    engine is pinged. `resync` bounds what the engine changed without an event. `poll` is the pause before a failed
    request is repeated, and the longest until a thread stops; `max_pause` is the longest after repeated failures.
    `settle`: an inspect that has no answer for so long after the last change does not keep the inventory incomplete.
    `start_checks` are the delays after an event of a container that does not run at which it is inspected again.
    """

    request_timeout: float = 5.0
    answer: float = 30.0
    quiet: float = 10.0
    resync: float = 60.0
    poll: float = 0.2
    max_pause: float = 5.0
    settle: float = 5.0
    start_checks: tuple[float, ...] = (1.0, 3.0, 6.0, 10.0)


LIMITS, TIMING = Limits(), Timing()
