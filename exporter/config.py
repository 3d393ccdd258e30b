"""The configuration: one frozen value, made from flags and their environment variables."""

from pathlib import Path

from msgspec import Struct

from exporter.errors import ConfigError

COLLECTORS = (
    *("inventory", "endpoint", "network", "veth", "bridge", "uplink", "namespace"),
    *("nat", "port", "bind-failures", "connections"),
)
LOG_LEVELS = ("debug", "info", "warning", "error")
DEFAULT_LISTEN_ADDRESS = ":9714"
MAX_PORT = 65535


class ListenAddress(Struct, frozen=True):
    """An address to listen on; host None is every address of both families."""

    host: str | None
    port: int


class Config(Struct, frozen=True):
    """All settings of the exporter, with their defaults."""

    listen: tuple[ListenAddress, ...] = (ListenAddress(None, 9714),)
    telemetry_path: str = "/metrics"
    web_config_file: Path | None = None
    systemd_socket: bool = False
    max_requests: int = 40
    allowed_hosts: tuple[str, ...] = ()
    own_metrics: bool = True
    docker_host: str = "unix:///var/run/docker.sock"
    docker_cert_path: Path | None = None
    collectors: tuple[str, ...] = COLLECTORS
    bind_tracepoints: bool = False
    container_labels: tuple[str, ...] = ()
    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    series_limit: int = 0
    connections_forget: float = 3600.0
    history_entries: int = 10_000
    history_file: Path | None = None


def parse_listen_address(text: str) -> ListenAddress:
    """Parse `:9714`, `127.0.0.1:9714` or `[::1]:9714`. Raises ConfigError for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or len(port) > len("65535") or int(port) > MAX_PORT:
        raise ConfigError(f"--web.listen-address: invalid address {text!r}: expected HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ConfigError(f"--web.listen-address: invalid address {text!r}: expected brackets around IPv6, [::1]:9714")
    return ListenAddress(host or None, int(port))


def parse_telemetry_path(text: str) -> str:
    """Check the path of the metrics. Raises ConfigError unless it is absolute, plain and unused."""
    taken = text == "/" or text.startswith(("/-/", "/static/", "/api/"))
    if not text.startswith("/") or taken or any(c in text for c in "{}?# "):
        raise ConfigError(f"--web.telemetry-path: invalid path {text!r}: expected an unused one such as /metrics")
    return text


def parse_labels(text: str) -> tuple[str, ...]:
    """Parse a comma-separated list of container labels."""
    return tuple(dict.fromkeys(label.strip() for label in text.split(",") if label.strip()))


def choose_collectors(chosen: dict[str, bool | None], *, disable_defaults: bool) -> tuple[str, ...]:
    """Return the enabled collectors: each as its flag says, else as the default."""
    return tuple(
        name for name in COLLECTORS if (not disable_defaults if (choice := chosen.get(name)) is None else choice)
    )
