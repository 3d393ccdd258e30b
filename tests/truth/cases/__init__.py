"""All cases of the table, one file for each kind."""

from tests.truth.case import Case
from tests.truth.cases import (
    bridge,
    engines,
    firewalls,
    flows,
    foreign,
    late,
    lives,
    match,
    networks,
    nft_tables,
    outward,
    place,
    ports,
    routing,
    rules_gone,
    six,
    starts,
    swarm,
)

CASES: tuple[Case, ...] = (
    *match.CASES,
    *place.CASES,
    *bridge.CASES,
    *routing.CASES,
    *outward.CASES,
    *rules_gone.CASES,
    *firewalls.CASES,
    *starts.CASES,
    *six.CASES,
    *ports.CASES,
    *nft_tables.CASES,
    *lives.CASES,
    *late.CASES,
    *networks.CASES,
    *foreign.CASES,
    *flows.CASES,
    *swarm.CASES,
    *engines.CASES,
)
