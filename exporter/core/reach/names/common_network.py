"""The remedy where a name does not resolve because client and server are on no network that has names."""

from exporter.core.model.docker import Container
from exporter.core.reach.context import HOST_MODE, NO_MODE, ReachContext
from exporter.core.reach.names.records import is_user_defined, ordered_networks


def common_network(context: ReachContext, client: Container, server: Container) -> str:
    """Only user-defined networks have names, and a container in host mode cannot be connected to one."""
    mine, theirs = (context.home(one).network_mode for one in (client, server))
    if theirs == HOST_MODE:
        return f"{server.name} uses the host's network: connect to an address of the host."
    if mine == HOST_MODE:
        address = next((e.ip_address or e.ip6_address for e in context.home(server).endpoints), "its address")
        where = f"{address}, or to a port of the host that it publishes"
        return f"{client.name} uses the host's network, which has no names of containers: connect to {where}."
    for one, other in ((client, server), (server, client)):
        network = next((n.name for n, _ in ordered_networks(context, one) if is_user_defined(n)), "")
        if network:
            return _connect(context, network, context.home(other))
    return f"Make a network with `{context.words.cli} network create`, and connect both containers to it."


def _connect(context: ReachContext, network: str, container: Container) -> str:
    """A container that is on network none alone has to leave it first; its network mode stays none afterwards."""
    command, cli = f"`{context.words.cli} network connect {network} {container.name}`", context.words.cli
    if container.network_mode == NO_MODE and not any(e.ip_address or e.ip6_address for e in container.endpoints):
        return f"Run `{cli} network disconnect none {container.name}` and {command}."
    return f"Run {command}."
