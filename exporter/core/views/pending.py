"""Whether another look may find more: what is a fault only when it stays has been seen, and has not stood yet."""

from exporter.core.observation import Observation

# A little more than what most findings must stand; for those that need minutes nobody waits.
STAND_SECONDS = 11.0
NEED_MINUTES = frozenset({"orphan_veth", "ghost_endpoint", "overlay_peer_missing"})


def is_doubtful(observation: Observation) -> bool:
    """Whether something is there that may be a finding within STAND_SECONDS."""
    judgement, nat = observation.judgement, observation.nat
    pending = observation.ports.pending or (nat is not None and nat.judgement.pending)
    return pending or bool(judgement.suspects - NEED_MINUTES)
