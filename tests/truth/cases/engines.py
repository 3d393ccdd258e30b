"""Flags of dockerd, and the commands that look once."""

from tests.truth.case import Case, nothing
from tests.truth.lab import RENAMED_PROXY
from tests.truth.plants import shell
from tests.truth.probes import always
from tests.truth.rows import NOT_WHOLE, WHOLE, ordinary, outage

KIND, FLUSHED = "flags of dockerd", "flushed or switched off"
FLUSH = shell("nft flush ruleset", ":")


def flags(name: str, *words: str) -> Case:
    """An ordinary host whose dockerd has these flags."""
    return ordinary(name, KIND, nothing, flags=words)


CASES = (
    outage(
        "flushed ruleset, checked once",
        FLUSHED,
        FLUSH,
        asked="",
        probe=always,
        works=True,
        verdicts=NOT_WHOLE,
        once=True,
        fresh=True,
    ),
    ordinary("ordinary host, checked once", FLUSHED, nothing, asked="", verdicts=WHOLE, once=True),
    ordinary(
        "no iptables, checked once", FLUSHED, nothing, asked="", verdicts=WHOLE, once=True, flags=("--iptables=false",)
    ),
    flags("no iptables", "--iptables=false"),
    flags("docker-proxy by another name", f"--userland-proxy-path={RENAMED_PROXY}"),
    flags("no userland proxy", "--userland-proxy=false"),
    flags("default binding address", "--ip=192.0.2.10"),
    flags("no ICC by default", "--icc=false"),
    flags("live restore", "--live-restore"),
    flags("own bridge address", "--bip=10.55.0.1/24"),
)
