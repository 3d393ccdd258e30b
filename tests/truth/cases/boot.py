"""What services that load rules at boot do to Docker's: netfilter-persistent, nftables.service, scripts."""

from typing import Any

from tests.truth.case import ANY, Case
from tests.truth.plants import LIVE_RESTORE, both, chain, docker_restarted, forward, nft, saved, shell, table
from tests.truth.probes import outward
from tests.truth.rows import ordinary, outage, unknown

KIND = "rules loaded at boot"


def loaded(name: str, do: str, *finds: str, **options: Any) -> Case:
    """Rules of iptables loaded over Docker's, which fail a connection."""
    return outage(name, KIND, saved(do), *(finds or (ANY,)), **options)


def habit(name: str, do: str, **options: Any) -> Case:
    """Rules of iptables loaded over Docker's, which fail none."""
    return ordinary(name, KIND, saved(do), **options)


def restore(rules: str, options: str = "") -> str:
    """`iptables-restore` of a text."""
    return f"iptables-restore {options} <<'END'\n{rules}\nEND\n"


POLICY = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT"
# the program beside that of nft; tables of iptables-legacy are looked for every 30 s
LEGACY = "xtables-legacy-multi iptables"
SLOW: dict[str, Any] = {"watch": 34.0}
NFT_FILTER = "table inet filter { chain forward { type filter hook forward priority 0; policy accept; }; }"
SETS_MARK = shell(
    f"{LEGACY} -t mangle -I PREROUTING -p tcp --dport 8080 -j MARK --set-mark 7", f"{LEGACY} -t mangle -F PREROUTING"
)
DROPS_MARK = nft(table("ip t", chain("type filter hook prerouting priority -150", "meta mark 7 drop")))

CASES = (
    loaded("netfilter-persistent with the policy DROP of before Docker", restore(POLICY)),
    loaded(
        "netfilter-persistent with the container's address of before",
        "iptables-save | sed 's/$web/172.17.0.77/g' | iptables-restore",
        "wrong_dnat",
        "missing_dnat",
        "stale_dnat",
    ),
    loaded(
        "netfilter-persistent with rules of before a network",
        "iptables-save | grep -v 'br-n\\|10.42.0' | iptables-restore",
        asked="",
        probe=outward("api"),
    ),
    loaded("script that flushes the filter table", "iptables -F; iptables -X; iptables -P FORWARD DROP"),
    loaded(
        "script that appends Docker's accepts behind its own drop",
        "iptables -I FORWARD -j DROP; iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "forward_drop",
    ),
    outage(
        "nftables.service flushes the ruleset, and has a filter of its own",
        KIND,
        shell(f"nft -f - <<'END'\nflush ruleset\n{NFT_FILTER}\nEND\n", ":"),
        ANY,
        probe=outward("api"),
        asked="",
        fresh=True,
    ),
    ordinary(
        "ruleset listed and loaded by nft",
        KIND,
        shell("nft list ruleset >/run/listed; nft flush ruleset; nft -f /run/listed", ":"),
        probe=outward("api"),
        asked="",
        fresh=True,
    ),
    outage(
        "policy DROP of iptables-legacy",
        KIND,
        shell(f"{LEGACY} -P FORWARD DROP", f"{LEGACY} -P FORWARD ACCEPT"),
        "forward_drop",
        **SLOW,
    ),
    outage(
        "drop of iptables-legacy",
        KIND,
        shell(f"{LEGACY} -I FORWARD -o docker0 -j DROP", f"{LEGACY} -D FORWARD -o docker0 -j DROP"),
        "forward_drop",
        **SLOW,
    ),
    unknown(
        "port taken by a DNAT of iptables-legacy",
        KIND,
        shell(
            f"{LEGACY} -t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.9.9.9:80",
            f"{LEGACY} -t nat -F PREROUTING",
        ),
        "wrong_dnat",
        **SLOW,
    ),
    ordinary(
        "DNAT of iptables-legacy for another port",
        KIND,
        shell(
            f"{LEGACY} -t nat -I PREROUTING -p tcp --dport 8090 -j DNAT --to-destination 10.9.9.9:80",
            f"{LEGACY} -t nat -F PREROUTING",
        ),
        **SLOW,
    ),
    ordinary(
        "DNAT of iptables-legacy to the target of Docker's",
        KIND,
        shell(
            f"{LEGACY} -t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to-destination $web:80",
            f"{LEGACY} -t nat -F PREROUTING",
        ),
        **SLOW,
    ),
    unknown(
        "mark of iptables-legacy that a chain of nft drops, registered before it",
        KIND,
        both(DROPS_MARK, SETS_MARK),
        fresh=True,
        **SLOW,
    ),
    ordinary(
        "mark of iptables-legacy that a chain of nft drops, registered behind it",
        KIND,
        both(SETS_MARK, DROPS_MARK),
        fresh=True,
        **SLOW,
    ),
    ordinary(
        "mark of iptables-legacy that a later chain compares with another",
        KIND,
        both(SETS_MARK, nft(table("ip t", forward("meta mark 0x8 drop")))),
        **SLOW,
    ),
    ordinary(
        "filter of the input in iptables-legacy",
        KIND,
        shell(f"{LEGACY} -A INPUT -p tcp --dport 25 -j DROP", f"{LEGACY} -D INPUT -p tcp --dport 25 -j DROP"),
    ),
    habit("netfilter-persistent that keeps what is there", restore(POLICY, "-n")),
    habit("netfilter-persistent with Docker's rules as they are", "iptables-save | iptables-restore"),
    habit("policy DROP", "iptables -P FORWARD DROP"),
    habit("drop appended", "iptables -A FORWARD -j DROP"),
    habit("DOCKER-USER flushed", "iptables -F DOCKER-USER"),
    habit("filter of the input alone", restore("*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT", "-n")),
    ordinary(
        "netfilter-persistent before Docker starts",
        KIND,
        both(saved(restore(POLICY)), docker_restarted),
        flags=LIVE_RESTORE,
    ),
    ordinary(
        "netfilter-persistent before Docker starts, and the way out",
        KIND,
        both(saved(restore(POLICY)), docker_restarted),
        flags=LIVE_RESTORE,
        asked="",
        probe=outward("api"),
    ),
    ordinary(
        "nftables.service with a filter of its own beside Docker's",
        KIND,
        shell(f"nft -f - <<'END'\n{NFT_FILTER}\nEND\n", "nft delete table inet filter"),
    ),
)
