"""What Docker writes with `--firewall-backend=nftables`, changed: table `ip docker-bridges`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.private_host.engines import MOBY_NFTABLES
from tests.truth.case import ANY, Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import chain, forward, nft, rules, saved, shell, table
from tests.truth.probes import outward, unreached
from tests.truth.rows import WHOLE, ordinary, outage

KIND, TABLE = "Docker's own tables", "ip docker-bridges"
HERE = (MOBY_NFTABLES,)
BEFORE_DOCKERS = "type nat hook prerouting priority -110; policy accept;"
PORT_OF_WEB = "-a list chain ip docker-bridges filter-forward-in__docker0 | grep 'tcp dport 80 ' | grep -o '[0-9]*$'"


def changed(*commands: str) -> Plant:
    """Commands of nft that change Docker's table, which is loaded again afterwards."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        before = lab.sh(f"nft list table {TABLE}")
        lab.sh("; ".join(f"nft {command}" for command in commands))
        try:
            yield
        finally:
            lab.sh(f"nft destroy table {TABLE} 2>/dev/null || nft delete table {TABLE} || :")
            lab.host.run("nft", "-f", "-", stdin=before)

    return plant


def broken(name: str, plant: Plant, *finds: str, **options: Any) -> Case:
    """An outage on this backend."""
    return outage(name, KIND, plant, *finds, engines=HERE, **options)


def shut(name: str, *commands: str) -> Case:
    """Network n without a masquerade."""
    return broken(name, changed(*commands), ANY, asked="", probe=outward("db"))


def habit(name: str, plant: Plant, **options: Any) -> Case:
    """A habit that does not concern this backend's rules."""
    return ordinary(name, KIND, plant, engines=HERE, **options)


CASES = (
    broken("own DNAT rules flushed", changed(f"flush chain {TABLE} nat-prerouting-and-output"), ANY, works=True),
    broken("own prerouting flushed", changed(f"flush chain {TABLE} nat-PREROUTING"), ANY, works=True),
    broken(
        "own rule of the port deleted",
        changed(f"delete rule {TABLE} filter-forward-in__docker0 handle $(nft {PORT_OF_WEB})"),
        "forward_drop",
    ),
    shut("own masquerade flushed", f"flush chain {TABLE} nat-postrouting-out__br-n"),
    shut("own jump to the masquerade deleted", f"delete element {TABLE} nat-postrouting-out-jumps '{{ \"br-n\" }}'"),
    shut("own postrouting flushed", f"flush chain {TABLE} nat-POSTROUTING"),
    shut("own table deleted", f"delete table {TABLE}"),
    broken(
        "own drops of two networks flushed",
        changed(*(f"flush chain {TABLE} {one}" for one in ("raw-PREROUTING", "filter-FORWARD"))),
        "isolation_lost",
        asked="",
        probe=unreached("db", "other"),
    ),
    broken(
        "policy of iptables' FORWARD is DROP",
        shell("iptables -P FORWARD DROP", "iptables -P FORWARD ACCEPT"),
        "forward_drop",
    ),
    broken("drop in an operator's chain after Docker's", nft(table("inet op", forward("tcp dport 80 drop"))), ANY),
    broken(
        "operator's DNAT before Docker's",
        nft(table("ip op", chain(BEFORE_DOCKERS, "tcp dport 8080 dnat to 10.43.0.2:81"))),
        ANY,
    ),
    habit("rules of iptables flushed", saved("iptables -F; iptables -t nat -F"), verdicts=WHOLE),
    habit("foreign accept in iptables' FORWARD", rules("-I FORWARD -o docker0 -j ACCEPT"), verdicts=WHOLE),
    habit(
        "operator's chain with a counter before Docker's",
        nft(table("inet op", forward("counter", priority=-10))),
        verdicts=WHOLE,
    ),
)
