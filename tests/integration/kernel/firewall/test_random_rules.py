"""Random rules of nftables, loaded into a kernel: the walk of one client's packet ends as its connection does."""

import random

import pytest

from tests.support.kernel.walk_lab import Lab, arrives

pytestmark = pytest.mark.live

SEEDS = range(80)
LATER = "tcp_flags"
CONDITIONS = (
    *("tcp dport 8080", "tcp dport 80", "tcp dport { 80, 8080 }", "tcp dport != 8080", "tcp dport 8000-9000"),
    *("ip saddr 192.0.2.1", "ip saddr 198.51.100.0/24", "ip saddr != 192.0.2.0/24", "ip saddr { 192.0.2.0/28 }"),
    *("ip daddr 192.0.2.10", "ip daddr 172.17.0.2", "ip daddr 10.0.0.0/8", "ip daddr . tcp dport { 172.17.0.2 . 80 }"),
    *('iifname "eth0"', 'iifname "docker0"', 'iifname { "eth0", "lo" }', 'iifname "eth*"', 'iif "eth0"'),
    *("meta mark 1", "meta mark & 3 == 2", "ct mark 1", "ct state new", "ct state established,related"),
    *("ct state invalid", "meta l4proto tcp ct original proto-dst 8080", "ct direction original", "ct status dnat"),
    *("meta l4proto tcp", "fib daddr type local", "tcp flags syn", "tcp flags & (fin | syn) == fin"),
    *("meta pkttype host", "fib saddr . iif oif missing", "tcp sport >= 1024", "tcp sport 80"),
)
ACTIONS = ("accept", "drop", "return", "jump inner", "goto inner", "meta mark set 1", "ct mark set 1", "counter")
MORE_ACTIONS = ("meta mark set ct mark", "ct mark set meta mark", "meta mark set meta mark or 2", "reject")
TRANSLATIONS = ("dnat to 198.51.100.9:80", "dnat to 172.17.0.2:80", "redirect to :8081")
MAPS = (
    "tcp dport vmap { 8080 : drop, 80 : accept }",
    "ct state vmap { new : jump inner, established : accept }",
    "tcp dport vmap { 80 : goto inner, 443 : drop }",
)
HOOKS = (
    *(("filter", "prerouting", priority) for priority in (-300, -150)),
    ("nat", "prerouting", -110),
    ("filter", "forward", -5),
    ("filter", "forward", 10),
    ("filter", "postrouting", 0),
)


def rule(pick: random.Random, kind: str, hook: str, *, inner: bool) -> str:
    """One rule."""
    actions = [action for action in (*ACTIONS, *MORE_ACTIONS) if inner or not action.endswith("inner")]
    if hook == "postrouting":
        actions.remove("reject")
    if kind == "nat":
        actions = [*(action for action in actions if action not in ("drop", "reject")), *TRANSLATIONS]
    elif inner and pick.random() < 0.15:
        return pick.choice(MAPS)
    action = pick.choice(actions)
    possible = [c for c in CONDITIONS if hook == "prerouting" or not c.startswith("fib saddr")]
    conditions = pick.sample(possible, pick.randint(1, 2))
    needs_protocol = action.startswith(("dnat", "redirect"))
    return " ".join((*(["meta l4proto tcp"] if needs_protocol else []), *conditions, action))


def table(seed: int) -> str:
    """One to three base chains, each with a chain that it may lead to."""
    pick = random.Random(seed)  # noqa: S311
    lines = []
    for number, (kind, hook, priority) in enumerate(pick.sample(HOOKS, pick.randint(1, 3))):
        inner = [rule(pick, kind, hook, inner=False) for _ in range(pick.randint(0, 2))]
        rules = [rule(pick, kind, hook, inner=True) for _ in range(pick.randint(1, 4))]
        declaration = f"type {kind} hook {hook} priority {priority};"
        lines += [f"table ip t{number} {{", "chain inner {", *inner, "}", "chain c {", declaration, *rules, "}", "}"]
    return "\n".join((*lines, ""))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_walk_ends_as_the_connection_does(host: Lab, seed: int) -> None:
    rules = table(seed)
    host.with_rules(rules)
    connected = host.connects()
    one = host.way_in(exact=True)
    # Flags that only later packets have may end the connection: whether they come is not known of its first packet.
    assert all(LATER in decision.limits for decision in one.unclear), rules
    assert one.unclear or arrives(one) == connected, rules
    anybody = host.way_in()
    if not anybody.unclear and not anybody.partial:
        assert arrives(anybody) == connected, rules
