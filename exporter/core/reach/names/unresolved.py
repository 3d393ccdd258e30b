"""Why the engine's DNS server has no container for a name, and which servers it queries instead."""

from exporter.core.explain.down import how_down, start_command
from exporter.core.explain.path import FAILED, UNKNOWN, Step
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container
from exporter.core.reach.answer import NAME
from exporter.core.reach.context import DEFAULT_NETWORK, ReachContext
from exporter.core.reach.names.common_network import common_network
from exporter.core.reach.names.files import ResolvConf
from exporter.core.reach.names.records import PREDEFINED, is_user_defined, names_on, ordered_networks
from exporter.core.reach.names.spelling import is_compared

OVERLAY = "overlay"
DESKTOP_HOST = "host.docker.internal"
NO_UPSTREAM_INTERNALLY = (25, 0)  # engines from here on query no server for a client on internal networks only


def unresolved(context: ReachContext, client: Container, text: str, server: Container | None, conf: ResolvConf) -> Step:
    """Return the step of a name that no network of the client has."""
    networks = [network for network, _ in ordered_networks(context, client)]
    if any(network.driver == OVERLAY for network in networks):
        detail = f"whether a service of the swarm has the name {text} is not known"
        return Step(NAME, UNKNOWN, detail, "name_uncertain")
    if server is not None:
        return _container(context, client, server)
    if not is_compared(text):
        detail = f"{text} has characters that the engine's DNS server does not compare as they are written"
        return Step(NAME, UNKNOWN, detail, "name_uncertain", "Use an alias of letters, digits, - and _.")
    if (step := _on_another_network(context, client, text)) is not None:
        return step
    if networks and all(network.internal for network in networks):
        return _internal(context, client, text)
    return _upstream(client, text, conf)


def _on_another_network(context: ReachContext, client: Container, text: str) -> Step | None:
    """An alias that another network has; a server that the engine queries then may still know the name."""
    for container in context.inventory.containers.values():
        for network in context.networks.values():
            bare = text.removesuffix(f".{network.name}").lower()
            named = is_user_defined(network) and bare in names_on(container, network)
            if named and any(e.network_id == network.id for e in container.endpoints):
                whose = f"{text} is a name of {container.name} on network {network.name}"
                command = f"Run `{context.words.cli} network connect {network.name} {context.home(client).name}`."
                return Step(NAME, UNKNOWN, f"{whose}, and {client.name} is not on it", "no_common_network", command)
    return None


def _container(context: ReachContext, client: Container, server: Container) -> Step:
    if not server.live:
        detail = f"{server.name} does not resolve: the container is {how_down(server)}"
        return Step(NAME, FAILED, detail, "container_down", start_command(context.words, server))
    mine, theirs = (_named_networks(context, one) for one in (client, server))
    if not set(mine) & set(theirs):
        detail = f"{client.name} is on {_listed(mine)}, and {server.name} on {_listed(theirs)}"
        return Step(NAME, FAILED, detail, "no_common_network", common_network(context, client, server))
    return _not_found(context, client, server)


def _not_found(context: ReachContext, client: Container, server: Container) -> Step:
    """Why a container on a network of the client's has no name there."""
    home, common = context.home(server), [one for one in _named_networks(context, client) if one in PREDEFINED]
    detail = f"no network of {client.name} has {server.name} by that name"
    if home.id != server.id:
        detail = f"{detail}: it has none, as it shares the network namespace of {home.name}"
        return Step(NAME, FAILED, detail, "name_not_found", f"Use the name {home.name}.")
    if set(common) & set(_named_networks(context, server)):
        detail = f"{detail}: Docker resolves no names on network {common[0]}"
        return Step(NAME, FAILED, detail, "default_network", common_network(context, client, server))
    return Step(NAME, FAILED, detail, "name_not_found")


def _named_networks(context: ReachContext, container: Container) -> list[str]:
    return [network.name for network, _ in ordered_networks(context, container)]


def _listed(names: list[str]) -> str:
    if not names:
        return "no network"
    default = " (where Docker resolves no names)" if names == [DEFAULT_NETWORK] else ""
    return ("network " if len(names) == 1 else "networks ") + ", ".join(names) + default


def _internal(context: ReachContext, client: Container, text: str) -> Step:
    detail = f"no container has the name {text}, and {client.name} is on internal networks only"
    if context.engine_version >= NO_UPSTREAM_INTERNALLY:
        return Step(NAME, FAILED, f"{detail}: the engine queries no other server for it", "no_upstream")
    return Step(NAME, UNKNOWN, f"{detail}: this engine may still query the host's name server", "name_uncertain")


def _upstream(client: Container, text: str, conf: ResolvConf) -> Step:
    if conf.upstream == () and not (client.details or Details()).dns:
        detail = f"no container has the name {text}, and the engine has no other name server"
        return Step(NAME, FAILED, detail, "no_upstream")
    detail = f"no container has the name {text}: the engine queries {_servers(client, conf)}"
    if text.lower() == DESKTOP_HOST:
        command = f"Start {client.name} with `--add-host {DESKTOP_HOST}:host-gateway` (`extra_hosts`)."
        return Step(NAME, UNKNOWN, f"{detail}; Docker Desktop alone has that name by itself", "name_uncertain", command)
    return Step(NAME, UNKNOWN, detail, "name_uncertain")


def _servers(client: Container, conf: ResolvConf) -> str:
    """The servers by the engine's comment, which engines before 25 do not write; else those of `--dns`."""
    known = [(one.address, one.from_host) for one in conf.upstream or ()]
    known = known or [(address, False) for address in (client.details or Details()).dns]
    named = ", ".join(f"{address} from {'the host' if from_host else client.name}" for address, from_host in known)
    return named or "the name servers of the host"
