"""The name step: which address a container gets for a name, who says so, or why it gets none."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from exporter.core.explain.path import FAILED, OK, UNKNOWN, Step
from exporter.core.model.docker import Container
from exporter.core.nat.address_numbers import number_of
from exporter.core.nat.packet import Packet
from exporter.core.nat.ruleset import IP
from exporter.core.nat.walk.firewall import OUTPUT
from exporter.core.nat.walk.hooks import walk
from exporter.core.reach.answer import NAME
from exporter.core.reach.context import LOOPBACK, ReachContext
from exporter.core.reach.names.files import ResolvConf, parse_hosts, parse_resolv_conf
from exporter.core.reach.names.records import is_generated, is_user_defined, look_up, ordered_networks
from exporter.core.reach.names.unresolved import unresolved
from exporter.core.reach.path.rule_steps import undecided, unread_step
from exporter.core.reach.question import is_address
from exporter.core.reach.view import FILES, LISTENERS, RULES, NamespaceView

EMBEDDED = "127.0.0.11"
DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Resolved:
    """`steps` say how; `addresses` are what the client gets, first those that it tries first.

    `server` is the name server that the client queries, '' where it queries none.
    """

    steps: tuple[Step, ...] = ()
    addresses: tuple[str, ...] = ()
    network: str = ""
    server: str = ""


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
        return Resolved((_by_hosts(client, text, known, server),), known)
    conf = parse_resolv_conf(view.resolv_conf or "")
    servers = conf.servers or ("127.0.0.1",)  # resolv.conf(5): the default
    return replace(_by_server(context, client, text, server, conf, servers[0]), server=servers[0])


def _by_server(
    context: ReachContext, client: Container, text: str, server: Container | None, conf: ResolvConf, address: str
) -> Resolved:
    if address != EMBEDDED:
        return Resolved((_by_other_server(context, client, text, address, server),))
    view = context.visited(client).view
    if (broken := _embedded_step(client, view, context)) is not None and broken.state == FAILED:
        return Resolved((broken,))
    return _by_engine(context, client, text, server, conf, broken)


def _by_hosts(client: Container, text: str, known: tuple[str, ...], server: Container | None) -> Step:
    own = {address for e in server.endpoints for address in (e.ip_address, e.ip6_address)} if server else set()
    foreign = [address for address in known if own and address not in own and not ip_address(address).is_loopback]
    if foreign:
        detail = f"/etc/hosts of {client.name} gives {text} the address {foreign[0]}, not that of container {text}"
        return Step(NAME, FAILED, detail, "name_hidden")
    return Step(NAME, OK, f"{text} is {', '.join(known)} by /etc/hosts of {client.name}")


def _by_other_server(
    context: ReachContext, client: Container, text: str, address: str, server: Container | None
) -> Step:
    """Containers on user-defined networks should have 127.0.0.11; others have no names of containers."""
    named = [network.name for network, _ in ordered_networks(context, client) if is_user_defined(network)]
    if named:
        detail = f"/etc/resolv.conf of {client.name} names {address} instead of {EMBEDDED}"
        return Step(NAME, FAILED if server else UNKNOWN, detail, "resolv_conf_changed" if server else "name_uncertain")
    if server is not None:
        detail = f"{client.name} queries {address}, which has no names of containers"
        return Step(NAME, FAILED, detail, "default_network")
    why = " (the host's resolver is on its loopback)" if address in ("8.8.8.8", "8.8.4.4") else ""
    return Step(
        NAME, UNKNOWN, f"{text} is not the name of a container: {client.name} queries {address}{why}", "name_uncertain"
    )


def _embedded_step(client: Container, view: NamespaceView, context: ReachContext) -> Step | None:
    """Return the step of a namespace in which packets to 127.0.0.11:53 do not get to the engine; None where they do."""
    for part, what in ((RULES, "firewall rules"), (LISTENERS, "listening sockets")):
        if (why := view.missing(part)) is not None:
            return unread_step(NAME, f"the {what} of {client.name} could not be read", why)
    packet = Packet(
        oif=LOOPBACK, dst=number_of(EMBEDDED), protocol="udp", dport=DNS_PORT, to_host=True, from_host=True, family=IP
    )
    outcome = walk(context.firewall_of(view), packet, (OUTPUT,))
    if (unclear := undecided(outcome)) is not None:
        detail = f"whether {client.name} reaches {EMBEDDED}:53 is decided by a rule that is not understood"
        return Step(NAME, UNKNOWN, f"{detail} (chain {unclear.place[2]})", "rule_not_understood")
    port = outcome.packet.dport
    if not outcome.translations:
        detail = f"the DNAT rules of {EMBEDDED}:53 are gone from the namespace of {client.name}"
        return Step(NAME, FAILED, detail, "resolver_rules_missing")
    if not any((s.protocol, s.address, s.port) == ("udp", EMBEDDED, port) for s in view.listeners):
        return Step(
            NAME, FAILED, f"a DNAT rule sends {EMBEDDED}:53 to port {port}, where no socket listens", "resolver_down"
        )
    return None


def _by_engine(
    context: ReachContext,
    client: Container,
    text: str,
    server: Container | None,
    conf: ResolvConf,
    unclear: Step | None,
) -> Resolved:
    found = look_up(context, client, text)
    if not found.addresses:
        return Resolved((unresolved(context, client, text, server, conf),))
    steps = list(_found(text, found.network, found.addresses, server))
    return Resolved((*steps, *([unclear] if unclear else ())), found.addresses, found.network)


def _found(text: str, network: str, addresses: tuple[str, ...], server: Container | None) -> Iterator[Step]:
    if server is not None and is_generated(server, text):
        detail = f"{text} looks like a name that the engine chose, which it does not resolve before version 25"
        yield Step(NAME, UNKNOWN, detail, "name_uncertain")
        return
    yield Step(NAME, OK, f"{text} is {', '.join(addresses)} on network {network}, by the engine's DNS server")
