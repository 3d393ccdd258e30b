"""Cases that are chosen by name: those of `--quick`, and those for the rules of iptables-legacy; and by kind."""

# some of each kind, in three minutes for each engine
QUICK = frozenset(
    {
        "multiport",
        "nft map",
        "raw prerouting",
        "bridge output",
        "nft forward policy with exceptions",
        "docker0 without its address",
        "blackhole rule",
        "uplink does not forward",
        "masquerade deleted",
        "two networks opened in DOCKER-USER",
        "vendor's chain with Docker's DNAT jump",
        "DOCKER-USER drop",
        "ufw",
        "nat chain behind Docker's",
    }
)
# what is read or written in another way there; those rules are read again each half minute, so a case takes as long
ON_LEGACY = frozenset(
    {
        "multiport",
        "raw prerouting",
        "mangle prerouting",
        "mangle postrouting",
        "security forward",
        "mark in mangle, drop in filter",
        "two networks opened in DOCKER-USER",
        "masquerade deleted",
        "masquerade to a device that does not exist",
        "nat flushed",
        "forward policy DROP without Docker's rules",
        "vendor's chain with Docker's DNAT jump",
        "DOCKER-USER drop",
        "DOCKER-USER default deny with this port open",
        "ufw",
    }
)
# kinds and names of cases that change what Docker writes with iptables
BY_IPTABLES = frozenset(
    {
        "isolation",
        "masquerade",
        "operator's rules",
        "rules gone",
        "rules loaded at boot",
        "docker-proxy dead, DNAT gone, a process has the port",
        "nat chain gone",
        "UDP connection stuck at a living container",
    }
)
