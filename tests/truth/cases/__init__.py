"""All cases of the table, one file for each kind."""

from tests.truth.case import Case
from tests.truth.cases import (
    bridge,
    engines,
    firewalls,
    lives,
    match,
    networks,
    nft_tables,
    outward,
    place,
    routing,
    rules_gone,
    starts,
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
    *nft_tables.CASES,
    *lives.CASES,
    *networks.CASES,
    *engines.CASES,
)
