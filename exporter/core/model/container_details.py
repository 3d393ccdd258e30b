"""A container's configuration: its ports, its restart policy, and why it did not start."""

from msgspec import Struct


class LogEvidence(Struct, frozen=True):
    """The last lines of a container's log: how many report an address in use, and which ports they name.

    `unreadable` is why the log could not be read.
    """

    lines: int = 0
    ports: tuple[int, ...] = ()
    unreadable: str = ""


class PortBinding(Struct, frozen=True):
    """A container's port and the host's that should lead to it, as `-p HOST_IP:HOST_PORT:CONTAINER_PORT/PROTOCOL`.

    `host_ip` '' means every address of both families. As configured, `host_port` is 0 when the engine shall choose,
    and the first of a range that ends with `last_host_port`; in effect both are the port that is published.
    """

    protocol: str
    container_port: int
    host_ip: str = ""
    host_port: int = 0
    last_host_port: int = 0


class EndpointNames(Struct, frozen=True):
    """The names of an endpoint in the engine's DNS server (Engine API: NetworkSettings.Networks[name]).

    `names` are all names (DNSNames, API 1.44 and later); before that they are empty, and `aliases` are known.
    `links` are 'container:alias', of this container alone. `priority` is GwPriority, `gateway6` IPv6Gateway.
    """

    network_id: str
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    priority: int = 0
    gateway6: str = ""


class Details(Struct, frozen=True):
    """The fields that only a container's inspect has (Engine API: GET /containers/ID/json).

    `bindings` are those configured, whether in effect or not; `published` those in effect, one for each address that
    the engine reports, with `host_port` 0 where a network is routed to. `exposed` are pairs of a protocol and a port.
    `error` is why the last start failed (State.Error), kept by the engine until the next that succeeds. Times are
    Unix seconds, 0 for never. `arguments` is the command with its arguments. `log` is what the log of its last life
    says of addresses in use, None where it was not read: only a failure's is, in a namespace that others use too.
    `oom_killed`: the kernel ended the last life for lack of memory (State.OOMKilled).
    `waited`: it was seen without a start half a minute after its creation, so `docker run` did not make it.
    `hostname` is Config.Hostname, `dns` are the name servers that the operator chose (HostConfig.Dns).
    """

    bindings: tuple[PortBinding, ...] = ()
    published: tuple[PortBinding, ...] = ()
    exposed: tuple[tuple[str, int], ...] = ()
    restart_policy: str = "no"
    error: str = ""
    exit_code: int = 0
    restart_count: int = 0
    started: float = 0.0
    finished: float = 0.0
    log_driver: str = ""
    arguments: tuple[str, ...] = ()
    log: LogEvidence | None = None
    oom_killed: bool = False
    waited: bool = False
    hostname: str = ""
    dns: tuple[str, ...] = ()
    endpoints: tuple[EndpointNames, ...] = ()
