"""Rules of the operator's in DOCKER-USER that packets no longer reach: what they closed is open."""

from typing import Any

from tests.truth.case import Case, Plant
from tests.truth.lab import Lab
from tests.truth.plants import rules, saved
from tests.truth.probes import WEB, outward
from tests.truth.rows import ordinary, outage

KIND = "operator's rules"
FOUND = "user_rules_bypassed"
PORT = rules("-I DOCKER-USER -p tcp --dport 80 -j DROP")
LATER = "iptables -D FORWARD -j DOCKER-USER; iptables -A FORWARD -j DOCKER-USER"


def closed(lab: Lab) -> bool:
    """Whether no client outside gets an answer of the published port."""
    return not WEB(lab)


def kept_in(lab: Lab) -> bool:
    """Whether a container of network n reaches no server outside."""
    return not outward("api")(lab)


def bypassed(name: str, do: str, base: Plant = PORT, **options: Any) -> Case:
    """Shell commands after which a rule of DOCKER-USER, the base, closes nothing."""
    settings = {"probe": closed, **options}
    return outage(name, KIND, saved(do), FOUND, asked="", base=base, **settings)


def habit(name: str, do: str, **options: Any) -> Case:
    """Shell commands that leave rules of DOCKER-USER as they are."""
    return ordinary(name, KIND, saved(do), **options)


CASES = (
    bypassed("jump to DOCKER-USER behind Docker's rules", LATER),
    bypassed("jump to DOCKER-USER deleted", "iptables -D FORWARD -j DOCKER-USER"),
    bypassed("everything from the uplink accepted first", "iptables -I FORWARD -i $uplink -j ACCEPT"),
    bypassed(
        "way out closed, and the jump behind Docker's rules",
        LATER,
        base=rules("-I DOCKER-USER -i br-n ! -d 10.0.0.0/8 -j REJECT"),
        probe=kept_in,
    ),
    bypassed(
        "closed to all but the office, and the jump deleted",
        "iptables -D FORWARD -j DOCKER-USER",
        base=rules("-I DOCKER-USER -i $uplink ! -s 203.0.113.0/24 -j DROP"),
    ),
    habit("jump to DOCKER-USER behind Docker's rules, with nothing closed", LATER),
    habit("strangers dropped, and the office accepted first", "iptables -I DOCKER-USER -s 203.0.113.0/24 -j DROP"),
    habit(
        "one port accepted before DOCKER-USER, which drops",
        "iptables -I DOCKER-USER -i $uplink -j DROP; "
        "iptables -I DOCKER-USER -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN; "
        "iptables -I FORWARD -i $uplink -p tcp --dport 80 -j ACCEPT",
    ),
)
