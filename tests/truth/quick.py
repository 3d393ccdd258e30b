"""The cases that `make test` plays: some of each kind, in three minutes for each engine."""

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
