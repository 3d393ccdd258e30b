"""All netfilter rules of the calling thread's network namespace, of nf_tables and of iptables-legacy."""

import contextlib
from pathlib import Path

from exporter.core.nat.ruleset import Ruleset
from exporter.kernel.firewall.iptables_legacy.reader import LegacyReader
from exporter.kernel.firewall.nftables.reader import NftReader
from exporter.kernel.netlink.messages import InterruptedDumpError

PROCFS = Path("/proc")  # shows the reading thread's namespace, wherever another /proc is mounted
TRIES = 3
MAX_NFT = 16 << 20  # bytes: a container with NET_ADMIN makes rules and sets in its own namespace


def read_nft() -> tuple[Ruleset, ...]:
    """Read those of nf_tables; nothing stays open. Needs CAP_NET_ADMIN.

    Raises OSError for a refusal and for more than MAX_NFT, InterruptedDumpError while the rules change.
    """
    with contextlib.closing(NftReader(MAX_NFT)) as reader:
        for _ in range(TRIES):
            generation = reader.read()
            if generation.whole:
                return (generation.ruleset,) if generation.ruleset.chains else ()
    raise InterruptedDumpError


def read_legacy() -> tuple[Ruleset, ...]:
    """Read those of iptables-legacy. The names of its tables are readable by user 0, or with CAP_DAC_READ_SEARCH.

    Raises OSError for a refusal, ValueError for data that is not a table.
    """
    ruleset, _, _ = LegacyReader(PROCFS).read()
    return () if ruleset is None else (ruleset,)
