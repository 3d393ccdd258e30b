"""Listen addresses and owners of listeners, as sentences name them."""

from typing import NamedTuple

from exporter.core.model.sockets import (
    ADDRESS,
    CONNECTION,
    CONTAINER,
    DOCKER_PROXY,
    ENGINE,
    KERNEL,
    PROCESS,
    SERVICE,
    Owner,
    PortKey,
)

UNKNOWN_OWNER = Owner(kind="")  # none, or none that is visible
EVERY_ADDRESS = "0.0.0.0"
FOR_CONTAINERS = {DOCKER_PROXY: "docker-proxy", ENGINE: "the engine"}  # listeners in place of a container


class ListenAddress(NamedTuple):
    """Where something listens or should: `address` is canonical text, '' for every address of both families."""

    protocol: str
    address: str
    port: int

    @property
    def port_key(self) -> PortKey:
        """Protocol and number alone."""
        return self.protocol, self.port

    def __str__(self) -> str:
        """`tcp/8080 on 127.0.0.1`, `tcp/8080 on [::1]`; without an address for every address of IPv4."""
        number = f"{self.protocol}/{self.port}" if self.port else f"a {self.protocol or 'host'} port"
        if self.address in ("", EVERY_ADDRESS):
            return number
        return f"{number} on [{self.address}]" if ":" in self.address else f"{number} on {self.address}"


def described(owner: Owner, *, connected: bool = True) -> str:
    """Name an owner within a sentence; not `connected`, which addresses the engine's containers have is not known."""
    name = owner.name
    if owner.foreign_target:
        proxy = f"a docker-proxy for {owner.foreign_target}"
        return f"{proxy}, which no container of this engine has" if connected else proxy
    if owner.kind == PROCESS and name == KERNEL:
        return "the kernel"
    if owner.kind in FOR_CONTAINERS:
        return f"container {name} ({FOR_CONTAINERS[owner.kind]})" if name else FOR_CONTAINERS[owner.kind]
    if owner.kind == CONNECTION:
        return f"an outgoing connection of {name}" if name else "an outgoing connection"
    if owner.kind in (CONTAINER, ADDRESS, SERVICE):
        return f"{owner.kind} {name}" if name else "a Swarm service"
    return f"process {name}" if name else "an unidentified process"
