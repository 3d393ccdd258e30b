"""Permanent settings of firewalld, loaded by a reload: policies, ipsets, direct rules, targets of zones."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.waiting import until
from tests.truth.answers import is_quiet
from tests.truth.case import Case, Plant
from tests.truth.cases.firewalld import API, OUT
from tests.truth.lab import FIREWALLD, Lab
from tests.truth.plants import both
from tests.truth.rows import meant, ordinary, outage

KIND = "firewalld"
# 20.10 loses its isolation at each reload: firewalld_reload.py
HEAL_SECONDS = 30
HOST: dict[str, Any] = {"engines": ("sid",), "programs": FIREWALLD}


def permanent(*texts: str) -> Plant:
    """Arguments of `firewall-cmd --permanent`, loaded, and then the files as they were."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        lab.sh("tar -C /mnt/etc -cf /run/firewalld.tar firewalld")
        try:
            for text in texts:
                lab.sh(f"$in_root firewall-cmd --permanent {text}")
            lab.sh("$in_root firewall-cmd --reload")
            yield
        finally:
            lab.sh("rm -r /mnt/etc/firewalld; tar -C /mnt/etc -xf /run/firewalld.tar; $in_root firewall-cmd --reload")

    return plant


@contextmanager
def healing(lab: Lab) -> Iterator[None]:
    """Docker writes its rules after a reload: on a busy machine that takes longer than findings wait."""
    until(lambda: is_quiet(lab.exporter), HEAL_SECONDS, "a host without findings")
    yield


def habit(name: str, *texts: str, **options: Any) -> Case:
    """What breaks no connection."""
    return ordinary(f"firewalld: {name}", KIND, both(permanent(*texts), healing), **HOST, **options)


def fault(name: str, *texts: str, **options: Any) -> Case:
    """What fails a connection."""
    return outage(f"firewalld: {name}", KIND, permanent(*texts), "forward_drop", **HOST, **options)


BLOCKED = ("--new-ipset=blocked --type=hash:ip", "--ipset=blocked --add-entry=$outside")
POLICY = (
    "--new-policy=containers",
    "--policy=containers --add-ingress-zone=docker",
    "--policy=containers --add-egress-zone=ANY",
)

# the chain first: at a reload it does not exist yet
CLOSING = (
    "--direct --add-chain ipv4 filter DOCKER-USER",
    "--direct --add-rule ipv4 filter DOCKER-USER 0 -p tcp --dport 80 -j DROP",
)

CASES = (
    habit("policy that accepts, and the way out", *POLICY, "--policy=containers --set-target=ACCEPT", **OUT),
    fault("policy that drops what containers send", *POLICY, "--policy=containers --set-target=DROP", **OUT),
    habit(
        "policy with a rich rule about another network",
        *POLICY,
        "--policy=containers --add-rich-rule='rule family=ipv4 source address=10.99.0.0/16 drop'",
        **OUT,
    ),
    fault(
        "policy with a rich rule about a network",
        *POLICY,
        "--policy=containers --add-rich-rule='rule family=ipv4 source address=10.42.0.0/24 drop'",
        **OUT,
    ),
    habit("ipset of clients in the zone drop", *BLOCKED, "--zone=drop --add-source=ipset:blocked"),
    habit("ipset in a rich rule", *BLOCKED, "--zone=public --add-rich-rule='rule source ipset=blocked drop'"),
    habit("target of the public zone DROP", "--zone=public --set-target=DROP"),
    habit("target of the public zone DROP, and the way out", "--zone=public --set-target=DROP", **OUT),
    fault("target of the docker zone DROP, and the way out", "--zone=docker --set-target=DROP", **OUT),
    fault("target of the docker zone DROP", "--zone=docker --set-target=DROP", **API),
    meant("firewalld: direct rule in DOCKER-USER", KIND, permanent(*CLOSING), **HOST),
    # Docker inserts its own rules before it
    habit("permanent direct rule that drops", "--direct --add-rule ipv4 filter FORWARD 0 -o docker0 -j DROP"),
)
