"""A host with many published ports, as Docker 20.10 and 28 write its rules, and as they tell of it."""

from collections.abc import Iterator, Sequence

from exporter.core.model.container_details import Details, PortBinding
from exporter.core.model.docker import Container, Endpoint, Engine, Inventory, Member, Network, Subnet

PORTS_EACH = 10  # of a container
CONTAINERS_EACH = 10  # of a network
VERSIONS = {"20.10": "20.10.24", "28": "28.5.2"}

Place = tuple[int, str, str]  # a published port, its container's address, its network's bridge


def places(ports: int) -> Iterator[Place]:
    """Each port with its container's address and its network's bridge."""
    for port in range(ports):
        container = port // PORTS_EACH
        network, host = divmod(container, CONTAINERS_EACH)
        yield 10_000 + port, f"10.{network}.0.{host + 2}", f"br-{network}"


def rules(layout: str, ports: Sequence[Place]) -> str:
    """All tables as iptables-restore takes them; the networks are 10.0.0.0/16, 10.1.0.0/16 and so on, in order."""
    return {"20.10": _rules_20, "28": _rules_28}[layout](ports)


def _bridges(ports: Sequence[Place]) -> list[str]:
    return list(dict.fromkeys(bridge for _, _, bridge in ports))


def _rules_20(ports: Sequence[Place]) -> str:
    bridges = _bridges(ports)
    forward = [
        line
        for bridge in bridges
        for line in (
            f"-A FORWARD -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            f"-A FORWARD -o {bridge} -j DOCKER",
            f"-A FORWARD -i {bridge} ! -o {bridge} -j ACCEPT",
            f"-A FORWARD -i {bridge} -o {bridge} -j ACCEPT",
        )
    ]
    hairpins = [
        f"-A POSTROUTING -s {address}/32 -d {address}/32 -p tcp -m tcp --dport {port} -j MASQUERADE"
        for port, address, _ in ports
    ]
    return "\n".join(
        [
            "*filter\n:FORWARD DROP [0:0]\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]",
            ":DOCKER-ISOLATION-STAGE-1 - [0:0]\n:DOCKER-ISOLATION-STAGE-2 - [0:0]",
            "-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-ISOLATION-STAGE-1",
            *forward,
            *_accepted(ports),
            *_isolation(bridges),
            "-A DOCKER-USER -j RETURN\nCOMMIT",
            *_nat(ports, hairpins),
        ]
    )


def _rules_28(ports: Sequence[Place]) -> str:
    bridges = _bridges(ports)
    addresses = dict.fromkeys((address, bridge) for _, address, bridge in ports)
    return "\n".join(
        [
            "*raw\n:PREROUTING ACCEPT [0:0]",
            *(f"-A PREROUTING -d {address}/32 ! -i {bridge} -j DROP" for address, bridge in addresses),
            "COMMIT\n*filter\n:FORWARD DROP [0:0]\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n:DOCKER-FORWARD - [0:0]",
            ":DOCKER-CT - [0:0]\n:DOCKER-BRIDGE - [0:0]",
            ":DOCKER-ISOLATION-STAGE-1 - [0:0]\n:DOCKER-ISOLATION-STAGE-2 - [0:0]",
            "-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n-A DOCKER-FORWARD -j DOCKER-CT",
            "-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1\n-A DOCKER-FORWARD -j DOCKER-BRIDGE",
            *(f"-A DOCKER-FORWARD -i {bridge} -j ACCEPT" for bridge in bridges),
            *(f"-A DOCKER-BRIDGE -o {bridge} -j DOCKER" for bridge in bridges),
            *(f"-A DOCKER-CT -o {b} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT" for b in bridges),
            *_accepted(ports),
            *(f"-A DOCKER ! -i {bridge} -o {bridge} -j DROP" for bridge in bridges),
            *_isolation(bridges),
            "COMMIT",
            *_nat(ports, []),
        ]
    )


def _accepted(ports: Sequence[Place]) -> Iterator[str]:
    for port, address, bridge in ports:
        yield f"-A DOCKER -d {address}/32 ! -i {bridge} -o {bridge} -p tcp -m tcp --dport {port} -j ACCEPT"


def _isolation(bridges: list[str]) -> Iterator[str]:
    for bridge in bridges:
        yield f"-A DOCKER-ISOLATION-STAGE-1 -i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2"
        yield f"-A DOCKER-ISOLATION-STAGE-2 -o {bridge} -j DROP"


def _nat(ports: Sequence[Place], hairpins: list[str]) -> Iterator[str]:
    yield "*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n:DOCKER - [0:0]"
    yield "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"
    yield "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER"
    for number, bridge in enumerate(_bridges(ports)):
        yield f"-A POSTROUTING -s 10.{number}.0.0/16 ! -o {bridge} -j MASQUERADE"
    yield from hairpins
    for bridge in _bridges(ports):
        yield f"-A DOCKER -i {bridge} -j RETURN"
    for port, address, bridge in ports:
        yield f"-A DOCKER ! -i {bridge} -p tcp -m tcp --dport {port} -j DNAT --to-destination {address}:{port}"
    yield "COMMIT\n"


def inventory(layout: str, ports: int) -> Inventory:
    """What an engine with these ports says."""
    made: dict[str, Container] = {}
    members: dict[str, list[Member]] = {}
    for port, address, bridge in places(ports):
        known = made.get(address) or _container(address, bridge)
        if address not in made:
            members.setdefault(bridge, []).append(Member(address, address, address, "", address))
        bindings = known.details.published if known.details else ()
        binding = PortBinding("tcp", port, "0.0.0.0", port, port)
        made[address] = Container(
            *(address, address, "", "running", bridge),
            endpoints=known.endpoints,
            details=Details(published=(*bindings, binding)),
        )
    return Inventory(
        connected=True,
        engine=Engine("", VERSIONS[layout], ""),
        containers=made,
        networks={
            name: Network(name, name, "bridge", bridge=name, subnets=(Subnet(f"10.{number}.0.0/16"),))
            for number, name in enumerate(members)
        },
        members={name: tuple(found) for name, found in members.items()},
    )


def _container(address: str, bridge: str) -> Container:
    endpoint = Endpoint(bridge, bridge, address, "", address)
    return Container(address, address, "", "running", bridge, endpoints=(endpoint,))
