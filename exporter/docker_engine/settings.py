"""How long the engine is waited for, and how much of it is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A list never waits for a container: an engine that takes longer than `request_timeout` hangs.

    `quiet`: how long a silent event stream is trusted before a ping checks the engine. `resync`: how often everything
    is listed again, which bounds what the engine changed without an event, or dropped.
    """

    request_timeout: float = 5.0
    quiet: float = 10.0
    resync: float = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """`queue`: events and answers that wait. `log_bytes`: of a container's last lines."""

    queue: int = 10_000
    log_bytes: int = 1 << 18


TIMING, LIMITS = Timing(), Limits()
