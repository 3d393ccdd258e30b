"""The name step: which address a container gets for a name, from which source, or why it gets none."""

from collections.abc import Sequence
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from exporter.core.explain.path import FAILED, OK, UNKNOWN, Step
from exporter.core.model.docker import PODMAN, Container
from exporter.core.reach.answer import NAME
from exporter.core.reach.context import HOST_MODE, ReachContext
from exporter.core.reach.names.common_network import common_network
from exporter.core.reach.names.files import ResolvConf, parse_hosts, parse_resolv_conf
from exporter.core.reach.names.records import Records, is_generated, is_user_defined, look_up, ordered_networks
from exporter.core.reach.names.resolver_step import EMBEDDED, resolver_fault
from exporter.core.reach.names.spelling import is_number
from exporter.core.reach.names.unresolved import unresolved
from exporter.core.reach.path.rule_steps import unread_step
from exporter.core.reach.question import is_address
from exporter.core.reach.view import FILES


class Resolved(Struct, frozen=True):
    """`steps` say how; `addresses` are what the client gets, first those that it tries first.

    `server` is the name server that the client queries, '' where it queries none, and `names` what for, in their order.
    """

    steps: tuple[Step, ...] = ()
    addresses: tuple[str, ...] = ()
    network: str = ""
    server: str = ""
    names: tuple[str, ...] = ()


def resolve(context: ReachContext, client: Container, text: str, server: Container | None) -> Resolved:
    """Resolve a name as the client's libc does: its /etc/hosts, then its first name server."""
    if is_address(text):
        return Resolved(addresses=(text,))
    view = context.visited(client).view
    if (why := view.missing(FILES)) is not None:
        return Resolved(
            (unread_step(NAME, f"/etc/hosts and /etc/resolv.conf of {client.name} could not be read", why),)
        )
    known = parse_hosts(view.hosts or "").get(text.lower(), ())
    if known:
        return Resolved((_by_hosts(context, client, text, known, server),), known)
    conf = parse_resolv_conf(view.resolv_conf or "")
    servers = conf.servers or ("127.0.0.1",)  # resolv.conf(5): the default
    found = _by_server(context, client, text, server, replace(conf, servers=servers))
    if is_number(text) and found.addresses:
        detail = f"C libraries take {text} for an address, and do not query a name server for it"
        found = replace(found, steps=(Step(NAME, UNKNOWN, detail, "name_uncertain"), *found.steps[1:]))
    return replace(found, server=servers[0], names=conf.queries(text))


def _by_server(
    context: ReachContext, client: Container, text: str, server: Container | None, conf: ResolvConf
) -> Resolved:
    if (engine := context.inventory.engine) is not None and engine.product == PODMAN:
        detail = f"{client.name} queries {conf.servers[0]} for {text}: the name servers of Podman are not evaluated"
        return Resolved((Step(NAME, UNKNOWN, detail, "name_uncertain"),))
    if conf.servers[0] != EMBEDDED or context.home(client).network_mode == HOST_MODE:
        return Resolved((_by_other_server(context, client, text, conf.servers, server),))
    fault = resolver_fault(context, client)
    if fault is not None and fault.state == FAILED:
        return Resolved((fault,))
    return _by_engine(context, client, text, server, conf, fault)


def _by_hosts(
    context: ReachContext, client: Container, text: str, known: tuple[str, ...], server: Container | None
) -> Step:
    foreign = _foreign(context, known, server)
    if len(foreign) < len(known):
        detail = f"{text} is {', '.join(known)} by /etc/hosts of {client.name}"
        return Step(NAME, UNKNOWN if foreign else OK, detail, "name_uncertain" if foreign else "")
    detail = f"/etc/hosts of {client.name} gives {text} the address {foreign[0]}, not that of container {text}"
    return Step(NAME, FAILED, detail, "name_hidden")


def _foreign(context: ReachContext, addresses: Sequence[str], server: Container | None) -> list[str]:
    """The addresses that are not the server's. A server without addresses of its own uses the host's, or has none."""
    endpoints = context.home(server).endpoints if server is not None else ()
    own = {address for e in endpoints for address in (e.ip_address, e.ip6_address) if address}
    return [address for address in addresses if own and address not in own and not ip_address(address).is_loopback]


def _by_other_server(
    context: ReachContext, client: Container, text: str, servers: Sequence[str], server: Container | None
) -> Step:
    """Containers on user-defined networks should have 127.0.0.11; others have no names of containers."""
    named, first = any(is_user_defined(network) for network, _ in ordered_networks(context, client)), servers[0]
    if EMBEDDED in servers[1:]:
        detail = f"/etc/resolv.conf of {client.name} names {first} before {EMBEDDED}: libc decides which one it queries"
        return Step(NAME, UNKNOWN, detail, "name_uncertain")
    if named:
        detail = f"/etc/resolv.conf of {client.name} names {first} instead of {EMBEDDED}"
        return Step(NAME, FAILED if server else UNKNOWN, detail, "resolv_conf_changed" if server else "name_uncertain")
    if server is not None:
        detail = f"{client.name} queries {first}, which has no names of containers"
        return Step(NAME, FAILED, detail, "default_network", common_network(context, client, server))
    why = " (the host's resolver is on its loopback)" if first in ("8.8.8.8", "8.8.4.4") else ""
    return Step(
        NAME, UNKNOWN, f"no container has the name {text}: {client.name} queries {first}{why}", "name_uncertain"
    )


def _by_engine(
    context: ReachContext, client: Container, text: str, server: Container | None, conf: ResolvConf, fault: Step | None
) -> Resolved:
    names = conf.queries(text)
    name, found = next(
        ((name, records) for name in names if (records := look_up(context, client, name)).addresses), ("", Records())
    )
    if not found.addresses:
        return Resolved((unresolved(context, client, text, server, conf),))
    step = _found(context, name, found, server)
    if name != names[0] and step.state == OK:
        # Another server may have it; some C libraries end at its error, or after the name as it is.
        detail = f"/etc/resolv.conf of {client.name} queries {names[0]} before {name}: whether it exists is not known"
        step = Step(NAME, UNKNOWN, detail, "name_uncertain")
    return Resolved((step, *([fault] if fault else ())), found.addresses, found.network)


def _found(context: ReachContext, text: str, found: Records, server: Container | None) -> Step:
    if server is not None and is_generated(server, text):
        detail = f"{text} looks like a name that the engine chose, which it does not resolve before version 25"
        return Step(NAME, UNKNOWN, detail, "name_uncertain")
    if len(_foreign(context, found.addresses, server)) == len(found.addresses):
        owner = context.owner_of(found.addresses[0])
        whose = f"that of container {owner[0].name}" if owner else "not that of the container"
        detail = f"the engine's DNS server gives {text} the address {found.addresses[0]} on network {found.network}"
        command = f"Remove the alias {text} of the other container, or use another name."
        return Step(NAME, FAILED, f"{detail}, {whose}", "name_hidden", command)
    detail = f"{text} is {', '.join(found.addresses)} on network {found.network}, by the engine's DNS server"
    return Step(NAME, OK, detail)
