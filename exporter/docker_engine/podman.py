"""Podman behind the API of Docker: what differs in its answers. Source: Podman 4.3 and 5.4, API 1.41 and libpod 4."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from exporter.core.model.docker import DOCKER, PODMAN, Network, Subnet
from exporter.docker_engine.parse_details import parse_time
from exporter.docker_engine.subnets import distinct_subnets
from exporter.docker_engine.text import address, label, subnet

Json = Mapping[str, Any]

COMPONENT = "Podman Engine"  # GET /version, Components
LIBPOD = "/libpod/"  # the paths of its own API
LIBPOD_PREFIX = "/v4.0.0"  # the oldest version of that API that Podman 4 and 5 have
LIBPOD_API_VERSION = "Libpod-API-Version"  # a header of GET /_ping
NETWORKS = "/libpod/networks/json"
DEFAULT_NETWORK = "podman"  # reported as just created


def product_of(version: Json) -> str:
    """Return the engine's product by GET /version."""
    names = [label(component.get("Name")) for component in version.get("Components") or ()]
    return PODMAN if COMPONENT in names else DOCKER


def parse_podman_network(row: Json) -> Network:
    """Parse a row of GET /libpod/networks/json, which has the bridge's name; GET /networks has none.

    GET /networks/NAME takes names in place of ids: the name is the id here, as in `with_network_names`.
    """
    name, driver = label(row["name"]), label(row.get("driver"))
    mtu = label((row.get("options") or {}).get("mtu") or "0")
    network = Network(
        id=name,
        name=name,
        driver=driver,
        scope="local",
        internal=bool(row.get("internal")),
        ipv6=bool(row.get("ipv6_enabled")),
        bridge=label(row.get("network_interface")) if driver == "bridge" else "",
        mtu=int(mtu) if mtu.isdecimal() else 0,
        subnets=distinct_subnets(
            Subnet(subnet(one.get("subnet")), address(one.get("gateway"))) for one in row.get("subnets") or ()
        ),
        created=parse_time(row.get("created")),
    )
    return replace(network, created=0.0) if name == DEFAULT_NETWORK else network


def with_network_names(container: Json) -> Json:
    """Replace NetworkID of each endpoint in a list's row or an inspect by the network's name, as Podman 4.3 has it.

    Podman 5 has another id there. The name is the key in NetworkSettings.Networks of both.
    """
    settings = container.get("NetworkSettings") or {}
    networks = {name: {**row, "NetworkID": name} for name, row in (settings.get("Networks") or {}).items()}
    return {**container, "NetworkSettings": {**settings, "Networks": networks}}
