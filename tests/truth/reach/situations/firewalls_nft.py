"""Tables of nft on the host that people write."""

from typing import Any

from tests.truth.case import Plant
from tests.truth.plants import forward, nft, shell, table
from tests.truth.reach.planting import client, pair
from tests.truth.reach.situation import fails, fails_unseen, works, works_unseen

OUTSIDE: dict[str, Any] = {"target": "$outside", "port": 7000, "answers": ("outside",)}
SET_GONE = (
    "nft delete rule ip filter DOCKER-USER handle "
    "$$(nft -a list chain ip filter DOCKER-USER | sed -n 's/.*@bad drop # handle //p'); nft delete set ip filter bad"
)
SETS = "set bad { type ipv4_addr; elements = { %s } }"


def bad_set(elements: str) -> Plant:
    """A table with a set, and a DROP of what comes from it."""
    return nft(table("ip guard", SETS % elements, forward("ip saddr @bad drop")))


def bad_range(elements: str) -> Plant:
    """The same with an interval set."""
    body = f"set bad {{ type ipv4_addr; flags interval; elements = {{ {elements} }} }}"
    return nft(table("ip guard", body, forward("ip saddr @bad drop")))


def set_in_docker_user(elements: str) -> Plant:
    """A set in the table of iptables, and a DROP in DOCKER-USER of what comes from it."""
    do = f"nft add set ip filter bad '{{ type ipv4_addr; }}'; nft add element ip filter bad '{{ {elements} }}'"
    return shell(f"{do}; nft insert rule ip filter DOCKER-USER ip saddr @bad drop", SET_GONE)


SITUATIONS = (
    works("set in DOCKER-USER without the client", pair(), set_in_docker_user("203.0.113.1")),
    fails("set in DOCKER-USER with the client", "filter", pair(), set_in_docker_user("203.0.113.1, $client")),
    works("nft set without the client", pair(), bad_set("203.0.113.1, 203.0.113.2")),
    works("nft interval set without the client", pair(), bad_range("203.0.113.0/24, 10.42.9.0/24")),
    works_unseen("bridge table that accepts", pair(), nft(table("bridge guard", forward("ether type arp accept")))),
    fails("inet table with policy drop", "filter", pair(), nft(table("inet guard", forward(policy="drop")))),
    fails(
        "inet table that drops a subnet",
        "filter",
        client(),
        nft(
            table(
                "inet guard",
                forward("ct state established,related accept", "meta nfproto ipv4 ip saddr 10.42.0.0/24 drop"),
            )
        ),
        **OUTSIDE,
    ),
    fails("nft set with the client", "filter", pair(), bad_set("203.0.113.1, $client")),
    fails("nft interval set with the client", "filter", pair(), bad_range("203.0.113.0/24, 10.42.0.0/25")),
    fails(
        "nft map of verdicts",
        "filter",
        pair(),
        nft(table("ip guard", forward("tcp dport vmap { 22 : accept, 80 : drop }"))),
    ),
    fails_unseen(
        "bridge table with policy drop", "filter link", pair(), nft(table("bridge guard", forward(policy="drop")))
    ),
    fails_unseen(
        "ebtables-like DROP of a port",
        "filter link",
        pair(),
        nft(table("bridge guard", forward("ether type ip tcp dport 80 drop"))),
    ),
)
