"""From checked flags to the configuration."""

import os
from collections.abc import Mapping
from typing import Any

from exporter import config
from exporter.config import Config
from exporter.docker_engine.host import DEFAULT_HOST, check_host
from exporter.docker_engine.tls import tls_folder
from exporter.errors import ConfigError

AUTO, TRACEPOINT, OFF = "auto", "tracepoint", "off"


def build_config(flags: Mapping[str, Any]) -> Config:
    """Check the values of all flags, by name. Raises ConfigError with one line for the operator."""
    host = flags["docker_host"] or os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    check_host(host)
    for name in ("procfs", "sysfs"):
        if not flags[f"path_{name}"].is_dir():
            raise ConfigError(f"--path.{name}: {str(flags[f'path_{name}'])!r} is not a directory")
    if not os.path.lexists(flags["path_procfs"] / "self"):  # a dangling link where it is of another pid namespace
        raise ConfigError(f"--path.procfs: {str(flags['path_procfs'])!r} is not a mount point of procfs")
    return Config(
        listen=tuple(config.parse_listen_address(text) for text in flags["web_listen_address"]),
        telemetry_path=config.parse_telemetry_path(flags["web_telemetry_path"]),
        web_config_file=flags["web_config_file"],
        systemd_socket=flags["web_systemd_socket"],
        max_requests=flags["web_max_requests"],
        allowed_hosts=tuple(flags["web_allowed_host"]),
        own_metrics=not flags["web_disable_exporter_metrics"],
        docker_host=host,
        docker_cert_path=tls_folder(host, flags["docker_cert_path"], os.environ),
        collectors=config.choose_collectors(
            {name: _chosen(flags, f"collector_{name.replace('-', '_')}") for name in config.COLLECTORS},
            disable_defaults=flags["collector_disable_defaults"],
        ),
        bind_tracepoints=flags["collector_bind_failures"] == TRACEPOINT,
        container_labels=config.parse_labels(flags["container_labels"]),
        procfs=flags["path_procfs"],
        sysfs=flags["path_sysfs"],
        series_limit=flags["limits_series"],
        connections_forget=flags["connections_forget"],
        history_entries=flags["history_entries"],
        history_file=flags["history_file"],
    )


def _chosen(flags: Mapping[str, Any], name: str) -> bool | None:
    """Whether a collector is enabled by its flags, disabled, or as the default says."""
    if flags.get(f"no_{name}"):
        return False
    value = flags[name]
    return value if value is None or isinstance(value, bool) else value != OFF
