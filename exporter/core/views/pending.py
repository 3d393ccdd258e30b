"""Whether another observation may have more findings: a condition holds, but not for long enough yet."""

from exporter.core.observation import Observation

# A little more than the hold of most rules; those that hold for minutes are not waited for.
MAX_HOLD_SECONDS = 11.0


def has_pending(observation: Observation) -> bool:
    """Whether a condition may become a finding within MAX_HOLD_SECONDS, or a look-up was not answered yet."""
    holds = (hold for evaluation in observation.evaluations.values() for hold in evaluation.pending.values())
    return observation.ports.lookups_pending or any(hold <= MAX_HOLD_SECONDS for hold in holds)
