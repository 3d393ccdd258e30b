"""Paths of a container that publishes no port, and of a port that none publishes and a rule forwards."""

from collections.abc import Iterator

from exporter.core.explain.code import words_of
from exporter.core.explain.down import how_down, start_command
from exporter.core.explain.endpoint_steps import PAUSED, paused_step
from exporter.core.explain.listener_step import listened_ports, own_sockets
from exporter.core.explain.path import DNAT, FAILED, LISTENER, OK, PUBLISHED, UNKNOWN, Path, Step
from exporter.core.findings.finding import INFO
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.inventory import uninspected
from exporter.core.model.sockets import CONTAINER
from exporter.core.nat.redirects import Redirect
from exporter.core.observation import PORT, Observation
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import EVERY_ADDRESS, described
from exporter.core.ports.rules import host_bind_failed, namespace_bind_failed

NO_ENGINE = "the Docker Engine does not answer: what it publishes is not known"
NO_NETWORK = "none"  # of a container's network mode
BIND_FAILURES = frozenset({host_bind_failed.KIND, namespace_bind_failed.KIND})


def failed_binds(observation: Observation, container: Container) -> Iterator[Path]:
    """Yield a path for each port that the container could not bind, with its holder."""
    evaluation = observation.evaluations.get(PORT)
    for found in evaluation.findings if evaluation else ():
        labels = found.labels
        if found.kind in BIND_FAILURES and labels["wanted_by"] == container.name:
            state = UNKNOWN if found.severity == INFO else FAILED
            step = Step(LISTENER, state, found.detail, "port_held")
            yield Path(labels["protocol"], (labels["address"],), int(labels["port"]), container.name, 0, (step,))


def unknown_publications(inventory: Inventory, *containers: Container) -> tuple[Step, ...]:
    """Return a step where it is not known what the engine publishes, or what these containers do; else nothing."""
    if not inventory.connected:
        return (Step(PUBLISHED, UNKNOWN, NO_ENGINE, "engine_unavailable"),)
    names = sorted(one.name for one in containers if one.details is None) if containers else uninspected(inventory)
    if not names:
        return ()
    detail = f"the inspect of {names[0]} was not read: which ports it publishes is not known"
    return (Step(PUBLISHED, UNKNOWN, detail, "not_inspected"),)


def unpublished_step(context: PortContext, container: Container) -> Step:
    """Describe a container that publishes no port: its state, its networks and what it listens on."""
    name = container.name
    if unknown := unknown_publications(context.inventory, container):
        return unknown[0]
    if not container.live:
        command = start_command(words_of(context.inventory.engine), container)
        detail = f"{name} publishes no port, and is {how_down(container)}"
        return Step(PUBLISHED, FAILED, detail, "container_down", command)
    if container.state == PAUSED:
        return paused_step(context.inventory, container, f"{name} publishes no port, and is paused")
    at = ", ".join(
        f"{e.network} ({e.ip_address or e.ip6_address})" for e in container.endpoints if e.ip_address or e.ip6_address
    )
    where = f"its networks are {at}" if at else "it has no address of its own"
    if container.network_mode == NO_NETWORK:
        return Step(PUBLISHED, FAILED, f"{name} is in network mode none: it has no network", "no_network")
    sockets = context.listeners_in(container)
    listens = "" if sockets is None else f"; {listened_ports(own_sockets(sockets))}"
    return Step(PUBLISHED, OK, f"{name} publishes no port of the host: {where}{listens}")


def led_path(redirect: Redirect, port: int, inventory: Inventory) -> Path:
    """Return the path of a port by a DNAT rule alone."""
    target, place = described(redirect.target), f"{redirect.protocol}/{port}"
    detail = f"no container publishes {place}, and a DNAT rule sends it to {target}"
    unknown = unknown_publications(inventory)
    rule = Step(DNAT, OK, f"a DNAT rule sends {place} to {target}" if unknown else detail)
    name = redirect.target.name if redirect.target.kind == CONTAINER else ""
    beyond = Step(LISTENER, UNKNOWN, f"whether {target} answers is not known here", "target_unknown")
    address = redirect.host_ip or EVERY_ADDRESS
    return Path(redirect.protocol, (address,), port, name, 0, (*unknown, rule, beyond))


def last_port(redirect: Redirect) -> int:
    """Return the last port of a rule."""
    return redirect.last_host_port or redirect.host_port
