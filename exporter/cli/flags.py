"""All flags of the exporter, by the section of --help that shows them."""

from pathlib import Path
from typing import Any

import click

from exporter import config
from exporter.cli.build_config import AUTO, OFF, TRACEPOINT
from exporter.cli.options import Flag, HostName, SwitchOrChoice, WholeNumber

WEB, DOCKER, COLLECTORS, PATHS, LOGGING = "Web", "Docker", "Collectors", "Paths", "Logging"
HISTORY = "History"
FILE = click.Path(path_type=Path)
COUNT = WholeNumber(min=0)


def _flag(section: str, flag: str, text: str, **settings: Any) -> Flag:
    return Flag(flag, section=section, help=text, **settings)


def _collector(name: str, text: str) -> Flag:
    return _flag(COLLECTORS, f"--collector.{name}/--no-collector.{name}", text, default=None)


LISTEN_FLAGS = (
    _flag(
        WEB,
        "--web.listen-address",
        f"Address to listen on; repeatable.  [default: {config.DEFAULT_LISTEN_ADDRESS}]",
        multiple=True,
        default=[config.DEFAULT_LISTEN_ADDRESS],
        metavar="HOST:PORT",
    ),
    _flag(
        WEB,
        "--web.config.file",
        "File with TLS, users, headers and rate limit, in the format of Prometheus' exporter-toolkit.",
        type=FILE,
    ),
)
WEB_FLAGS = (
    *LISTEN_FLAGS,
    _flag(WEB, "--web.telemetry-path", "Path of the metrics.", default="/metrics", show_default=True, metavar="PATH"),
    _flag(WEB, "--web.systemd-socket", "Use the sockets of systemd instead of --web.listen-address.", is_flag=True),
    _flag(
        WEB,
        "--web.max-requests",
        "Maximum number of concurrent scrapes (0 = unlimited); excess requests get status 503.",
        type=COUNT,
        default=40,
        show_default=True,
        metavar="NUMBER",
    ),
    _flag(
        WEB,
        "--web.allowed-host",
        "Further name under which clients reach the page and the API; repeatable, * allows all.  [default: addresses, "
        "localhost, the host's name]",
        type=HostName(),
        multiple=True,
        metavar="NAME",
    ),
    _flag(WEB, "--web.disable-exporter-metrics", "Omit process_* and python_*.", is_flag=True),
    _flag(
        WEB,
        "--limits.series",
        "Maximum number of series to expose (0 = unlimited).",
        type=COUNT,
        default=0,
        show_default=True,
        metavar="NUMBER",
    ),
)
DOCKER_FLAGS = (
    _flag(
        DOCKER,
        "--docker.host",
        "Address of the Docker Engine: unix://PATH or tcp://HOST:PORT.  [default: DOCKER_HOST, else the local socket]",
        default="",
        metavar="URL",
    ),
    _flag(
        DOCKER,
        "--docker.cert-path",
        "Folder with ca.pem, cert.pem and key.pem: TLS for a tcp:// engine.  [default: DOCKER_CERT_PATH if "
        "DOCKER_TLS_VERIFY is set]",
        type=FILE,
        metavar="DIRECTORY",
    ),
)
LABEL_FLAGS = (
    _flag(
        DOCKER,
        "--container.labels",
        "Container labels to show in dockernet_container_info, separated by commas.",
        default="",
        metavar="NAMES",
    ),
)
# Those whose sources findings are evaluated from.
EVALUATED_FLAGS = (
    _collector(
        "nat",
        "Netfilter rules, connections to published ports, NAT drift. Cost: a dump of rule counters at each scrape and "
        "a background thread that dumps the connection table; needs CAP_NET_ADMIN.",
    ),
    _collector(
        "port",
        "Listening sockets with their owners, port conflicts, docker-proxy. Cost: a socket dump at each scrape; "
        "listeners inside containers are read by a background thread.",
    ),
)
SHOWN_FLAGS = (
    _collector("inventory", "Containers, networks, endpoints, subnets, uplinks. Cost: only Docker's events."),
    _collector("endpoint", "Traffic by container and network. Cost: eight or more series for each endpoint."),
    _collector("network", "Traffic by network, internal and external. Cost: series only."),
    _collector("veth", "Traffic and errors of the host's veths. Cost: the largest part of the exposition."),
    _collector("bridge", "Traffic and errors of bridge devices. Cost: series only."),
    _collector("uplink", "Traffic and errors of the host's uplinks. Cost: series only."),
    _collector(
        "namespace",
        "TCP and UDP of each container: retransmissions, full queues, resets. Cost: a background thread that reads "
        "/proc of one process in each container.",
    ),
    _flag(
        COLLECTORS,
        "--collector.bind-failures",
        "Binds that the kernel refused. Cost: BPF programs that run at bind and listen only; needs CAP_BPF and "
        "CAP_PERFMON, and a kernel with fexit or kprobes. tracepoint permits the tracepoints of the system calls where "
        "the kernel has neither, and adds 0.1 µs to every system call of the host.",
        type=SwitchOrChoice((AUTO, TRACEPOINT, OFF), on=AUTO, off=OFF),
        is_flag=False,
        flag_value=AUTO,
        default=None,
    ),
    _flag(COLLECTORS, "--no-collector.bind-failures", "The same as --collector.bind-failures=off.", is_flag=True),
    _collector(
        "connections",
        "TCP connections by container, peer and port. Cost: BPF programs that add about 2 µs to each connection, and "
        "about nine series for each pair; needs CAP_BPF and CAP_PERFMON.",
    ),
    _flag(
        COLLECTORS,
        "--connections.forget",
        "Seconds after which the series of a pair without connections end.",
        type=WholeNumber(min=60),
        default=3600,
        show_default=True,
        metavar="SECONDS",
    ),
)
DISABLE_DEFAULTS = (
    _flag(COLLECTORS, "--collector.disable-defaults", "Disable the collectors that no flag enables.", is_flag=True),
)
HISTORY_FLAGS = (
    _flag(
        HISTORY,
        "--history.entries",
        "Maximum number of changes to keep in memory (0 = none).",
        type=WholeNumber(0, 1_000_000),
        default=10_000,
        show_default=True,
        metavar="NUMBER",
    ),
    _flag(
        HISTORY,
        "--history.file",
        "File that keeps the changes over restarts (SQLite, at most 64 MiB).  [default: in memory only]",
        type=FILE,
    ),
)
PATH_FLAGS = (
    _flag(PATHS, "--path.procfs", "Mount point of the host's procfs.", type=FILE, default="/proc", show_default=True),
    _flag(PATHS, "--path.sysfs", "Mount point of the host's sysfs.", type=FILE, default="/sys", show_default=True),
)
LOG_FLAGS = (
    _flag(
        LOGGING,
        "--log.level",
        "Lowest level of log entries; commands default to error.",
        type=click.Choice(config.LOG_LEVELS),
        default="info",
        show_default=True,
    ),
    _flag(
        LOGGING,
        "--log.format",
        "Format of log entries.  [default: console on a terminal, else json]",
        type=click.Choice(["console", "json"]),
    ),
)
ALL_FLAGS: tuple[Flag, ...] = (
    *(*WEB_FLAGS, *DOCKER_FLAGS, *LABEL_FLAGS),
    *(*SHOWN_FLAGS, *EVALUATED_FLAGS, *DISABLE_DEFAULTS, *HISTORY_FLAGS, *PATH_FLAGS, *LOG_FLAGS),
)
# What a command that observes the host takes; the collectors too, where they decide what is evaluated.
HOST_FLAGS: tuple[Flag, ...] = (*DOCKER_FLAGS, *PATH_FLAGS, *LOG_FLAGS)
EVALUATION_FLAGS: tuple[Flag, ...] = (*(*DOCKER_FLAGS, *EVALUATED_FLAGS, *DISABLE_DEFAULTS, *PATH_FLAGS, *LOG_FLAGS),)
