"""A container's ports, restarts and last failure, from its inspect."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from exporter.core.model.container_details import Details, EndpointNames, PortBinding
from exporter.core.model.docker import LIVE_STATES
from exporter.docker_engine.text import address, first, label, text

Json = Mapping[str, Any]

MAX_PORT = 65535
SECTIONS = ("HostConfig", "Config", "State", "NetworkSettings")


def parse_details(document: Json) -> Details:
    """Parse the fields that only GET /containers/ID/json has."""
    host, config, state, settings = (document.get(key) or {} for key in SECTIONS)
    live = state.get("Status") in LIVE_STATES
    return Details(
        bindings=tuple(parse_bindings(host.get("PortBindings") or {})),
        # An exited container may keep those of its last life.
        published=tuple(parse_bindings(settings.get("Ports") or {})) if live else (),
        exposed=tuple(parse_port(port) for port in first(sorted(config.get("ExposedPorts") or {}))),
        restart_policy=label((host.get("RestartPolicy") or {}).get("Name") or "no"),
        error=text(state.get("Error")),
        exit_code=int(state.get("ExitCode") or 0),
        restart_count=int(document.get("RestartCount") or 0),
        started=parse_time(state.get("StartedAt")),
        finished=parse_time(state.get("FinishedAt")),
        log_driver=label((host.get("LogConfig") or {}).get("Type")),
        oom_killed=bool(state.get("OOMKilled")),
        arguments=tuple(
            text(word) for word in first(word for word in (document.get("Path"), *(document.get("Args") or ())) if word)
        ),
        hostname=label(config.get("Hostname")),
        dns=tuple(label(server) for server in host.get("Dns") or ()),
        endpoints=tuple(parse_names(settings.get("Networks") or {})) if live else (),
    )


def parse_names(networks: Json) -> Iterator[EndpointNames]:
    """Parse the names and the rank of each endpoint (NetworkSettings.Networks)."""
    for _, row in sorted(networks.items()):
        yield EndpointNames(
            network_id=label(row.get("NetworkID")),
            names=tuple(label(name) for name in row.get("DNSNames") or ()),
            aliases=tuple(label(name) for name in row.get("Aliases") or ()),
            links=tuple(label(link) for link in row.get("Links") or ()),
            priority=int(row.get("GwPriority") or 0),
            gateway6=address(row.get("IPv6Gateway")),
        )


def parse_bindings(document: Json) -> Iterator[PortBinding]:
    """Parse a map from '80/tcp' to host addresses and ports, as HostConfig.PortBindings and NetworkSettings.Ports are.

    A port that is exposed only has null there; where routed, a published one has no host's.
    """
    for port, rows in sorted(document.items()):
        protocol, number = parse_port(port)
        for row in rows or ():
            first, _, last = str(row.get("HostPort") or "0").partition("-")
            yield PortBinding(protocol, number, _host_ip(row.get("HostIp")), _port(first), _port(last or first))


def _host_ip(value: object) -> str:
    """Return the address; '' is every one, so another text must not become that. Raises ValueError."""
    if value and not address(value):
        raise ValueError(f"invalid HostIp {label(value)}")
    return address(value)


def parse_port(port: str) -> tuple[str, int]:
    """Parse '80/tcp' into ('tcp', 80); the protocol may be missing."""
    number, _, protocol = label(port).partition("/")
    return protocol or "tcp", _port(number)


def _port(number: str) -> int:
    """Parse a port. A range of more would be held port by port."""
    port = int(number)
    if not 0 <= port <= MAX_PORT:
        raise ValueError(f"invalid port {port}: expected 0 to {MAX_PORT}")
    return port


def parse_time(moment: Any) -> float:
    """Parse RFC 3339 with nanoseconds into Unix seconds; 0 for nothing and for the zero time of Go."""
    if not moment or str(moment).startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(label(moment)).timestamp()
