"""What a rule about ports reports: a fact that holds now, and a sentence for people."""

from dataclasses import dataclass
from typing import NamedTuple

from exporter.core.findings.finding import CONFIRMED
from exporter.core.model.sockets import ADDRESS, CONNECTION, CONTAINER, DOCKER_PROXY, ENGINE, Owner

# Kinds of holders that do not listen: an outgoing connection's local port, and where a DNAT rule leads.
NOBODY = Owner(kind="")
EVERY_ADDRESS = "0.0.0.0"
FOR_CONTAINERS = {DOCKER_PROXY: "docker-proxy", ENGINE: "the engine"}  # who listens in their place


class Place(NamedTuple):
    """Where something listens or should: `address` is canonical text, '' for every address of both families."""

    protocol: str
    address: str
    port: int

    @property
    def on_any_address(self) -> tuple[str, int]:
        """Protocol and number alone."""
        return self.protocol, self.port

    def __str__(self) -> str:
        """As people write it: tcp/8080 on 127.0.0.1, tcp/8080 on [::1]."""
        number = f"{self.protocol}/{self.port}" if self.port else f"a {self.protocol or 'host'} port"
        if self.address in ("", EVERY_ADDRESS):
            return number
        return f"{number} on [{self.address}]" if ":" in self.address else f"{number} on {self.address}"


@dataclass(frozen=True, slots=True)
class PortConflict:
    """`wanted_by` is the container, or the process, that should have the port; `holder` who has it, '' for nobody.

    `holder_kind` is that of an Owner, 'connection', 'address', or '' for nobody. `port` is 0, and `address` '', where
    neither the engine nor the configuration tells it.
    """

    kind: str
    protocol: str
    address: str
    port: int
    wanted_by: str
    holder: str
    holder_kind: str
    severity: str
    confidence: str
    detail: str


def conflict(
    kind: str,
    place: Place,
    wanted_by: str,
    severity: str,
    detail: str,
    *,
    holder: Owner = NOBODY,
    confidence: str = CONFIRMED,
) -> PortConflict:
    """Make one; what Docker or a socket says is confirmed. Of every address of both families IPv4's is shown."""
    address = place.address or (EVERY_ADDRESS if place.port else "")
    name, held_by = holder.name, holder.kind
    return PortConflict(
        kind, place.protocol, address, place.port, wanted_by, name, held_by, severity, confidence, detail
    )


def described(owner: Owner) -> str:
    """Name an owner within a sentence."""
    name = owner.name
    if owner.kind in FOR_CONTAINERS:
        return f"container {name} ({FOR_CONTAINERS[owner.kind]})" if name else FOR_CONTAINERS[owner.kind]
    if owner.kind == CONNECTION:
        return f"an outgoing connection of {name}" if name else "an outgoing connection"
    if owner.kind in (CONTAINER, ADDRESS):
        return f"{owner.kind} {name}"
    return f"process {name}" if name else "a process that cannot be seen from here"
