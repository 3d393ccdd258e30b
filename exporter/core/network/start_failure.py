"""The networking reason for which a container did not start (Engine API: State.Error); host ports are core/ports'.

Texts of Docker 20.10 to 28.5, as engines wrote them. From 28 on they begin with "failed to set up container
networking".
"""

import re

from msgspec import Struct

NETWORK_GONE = "network_gone"
OWNER_DOWN = "owner_down"
PARENT_GONE = "parent_gone"
NO_ADDRESS_LEFT = "no_address_left"
ADDRESS_TAKEN = "address_taken"
BRIDGE_GONE = "bridge_gone"
FIREWALL_FAILED = "firewall_failed"
OTHER = "other"

# What the text contains; the first row that fits counts. All parts of a row must be there.
_TEXTS = (
    (FIREWALL_FAILED, ("iptables failed:",)),
    (FIREWALL_FAILED, ("nftables", "failed")),
    (NO_ADDRESS_LEFT, ("no available IPv",)),
    (PARENT_GONE, ("the requested parent interface", "was not found")),
    (PARENT_GONE, ("failed to create the macvlan port",)),
    (PARENT_GONE, ("failed to create the ipvlan port",)),
    (BRIDGE_GONE, (" to bridge ", " failed:")),
    (BRIDGE_GONE, ("could not find bridge",)),
    (OWNER_DOWN, ("cannot join network", "non running container")),
    (OWNER_DOWN, ("joining network namespace of container", "No such container")),
)
# Whole texts.
_EXACT = {"Address already in use": ADDRESS_TAKEN}
_NETWORK_GONE = re.compile(r"network \S+ not found")
_PREFIX = "failed to set up container networking: "
_NETWORKING = (_PREFIX, "failed to create endpoint", "driver failed programming external connectivity")


class StartFailure(Struct, frozen=True):
    """`reason` is one of the words above; `text` is the engine's, without its general beginning."""

    reason: str
    text: str


def parse_start_failure(text: str, *, joins_container: bool = False) -> StartFailure | None:
    """Classify State.Error; None for a start that did not fail for a networking reason.

    `joins_container` is whether the container shares another's network namespace: only then "No such container" is
    about that one.
    """
    inner = text.removeprefix(_PREFIX)
    if reason := _EXACT.get(inner):
        return StartFailure(reason, inner)
    if _NETWORK_GONE.fullmatch(inner):
        return StartFailure(NETWORK_GONE, inner)
    if joins_container and text.startswith("No such container"):
        return StartFailure(OWNER_DOWN, text)
    for reason, parts in _TEXTS:
        if all(part in text for part in parts):
            return StartFailure(reason, inner)
    return StartFailure(OTHER, inner) if text.startswith(_NETWORKING) else None
