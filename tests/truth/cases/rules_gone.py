"""Docker's own rules deleted: docker-proxy may go on serving the port, and the way out is dead."""

from typing import Any

from tests.truth.case import ANY, Case
from tests.truth.plants import rules, saved, shell
from tests.truth.probes import outward
from tests.truth.rows import outage

KIND = "rules gone"
DELETE_DNAT = "iptables -t nat -S DOCKER | grep -- '--dport 8080 ' | sed 's/^-A/iptables -w -t nat -D/' | sh"


def proxied(name: str, do: str, *finds: str, **options: Any) -> Case:
    """Rules deleted; docker-proxy answers clients outside, without their addresses."""
    return outage(name, KIND, saved(do), *finds, works=True, **options)


CASES = (
    proxied("DNAT deleted", DELETE_DNAT, "missing_dnat"),
    proxied("nat flushed", "iptables -t nat -F", "missing_jump", "missing_dnat", "missing_masquerade"),
    proxied("jump to DOCKER deleted", "iptables -t nat -F PREROUTING", "missing_jump"),
    outage(
        "DNAT deleted and docker-proxy stopped",
        KIND,
        saved(f"{DELETE_DNAT}; kill -STOP $(ss -Hltnp sport = :8080 | grep -o 'pid=[0-9]*' | cut -d= -f2)"),
        ANY,
        fresh=True,
    ),
    outage(
        "accepted before the DNAT, rejected in the input chain",
        KIND,
        rules("-t nat -I PREROUTING -p tcp --dport 8080 -j ACCEPT", "-I INPUT -p tcp --dport 8080 -j REJECT"),
        ANY,
    ),
    outage(
        "forward policy DROP without Docker's rules", KIND, saved("iptables -F FORWARD; iptables -P FORWARD DROP"), ANY
    ),
    outage("jump to DOCKER in filter deleted", KIND, saved("iptables -F DOCKER"), "forward_drop"),
    outage("ruleset flushed", KIND, shell("nft flush ruleset", ":"), ANY, probe=outward("api"), asked="", fresh=True),
)
