"""Ports of the host that somebody else has."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.cases.lives import created
from tests.truth.plants import both, container, process, saved, shell
from tests.truth.probes import always
from tests.truth.rows import NOT_BROKEN, NOT_WHOLE, outage

KIND = "port taken"
ALWAYS = {"Name": "always"}
KILL_PROXIES = "kill $(ss -Hltnp sport = :8085 | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u)"
DELETE_DNAT = "iptables -t nat -S DOCKER | grep -- '--dport 8085 ' | sed 's/^-A/iptables -w -t nat -D/' | sh"


def taken(name: str, plant: Plant, *finds: str, **options: Any) -> Case:
    """A container that cannot have its port."""
    settings = {"asked": "late", "verdicts": NOT_WHOLE, "probe": always, "works": True, "watch": 14.0, **options}
    return outage(name, KIND, plant, *finds, **settings)


def wanting(**options: Any) -> Plant:
    """A container whose start fails, and which is to be started always."""
    return created("late", start=True, restart_policy=ALWAYS, ports={"80/tcp": 8085}, **options)


SHOP = container("shop", ports={"80/tcp": 8085})
IPV4_SHOP = container("shop", ports={"80/tcp": ("0.0.0.0", 8085)})  # of IPv6 no DNAT rule, but docker-proxy

CASES = (
    taken("port of a process", both(process("nginx", "tcp,0.0.0.0,8085"), wanting()), "start_failed"),
    taken("port of a process on one address", both(process("nginx", "tcp,192.0.2.10,8085"), wanting()), "start_failed"),
    taken("port of another container", both(SHOP, wanting()), "start_failed"),
    taken(
        "port of a container in host mode",
        both(container("hosted", ["httpd", "-f", "-p", "0.0.0.0:8085"], network_mode="host"), wanting()),
        "start_failed",
    ),
    taken(
        "docker-proxy dead, DNAT gone, a process has the port",
        both(SHOP, saved(DELETE_DNAT), shell(KILL_PROXIES, ":"), process("nginx", "tcp,0.0.0.0,8085")),
        "published_stolen",
        asked="8085",
    ),
    taken(
        "docker-proxy dead, a process has the port",
        both(IPV4_SHOP, shell(KILL_PROXIES, ":"), process("nginx", "tcp,0.0.0.0,8085")),
        "shadowed_by_dnat",
        "published_stolen",
        asked="8085",
        verdicts=NOT_BROKEN,
    ),
    taken(
        "docker-proxy dead",
        both(IPV4_SHOP, shell(KILL_PROXIES, ":")),
        "published_unheld",
        asked="8085",
        verdicts=NOT_BROKEN,
    ),
    taken(
        "two in one namespace",
        both(
            container("shop", ports={"80/tcp": 8085}),
            container("late", ["httpd", "-f", "-p", "80"], network_mode="container:shop", restart_policy=ALWAYS),
        ),
        "namespace_bind_failed",
        asked="",
    ),
)
