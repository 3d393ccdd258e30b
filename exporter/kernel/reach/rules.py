"""All netfilter rules of the calling thread's network namespace, of nf_tables and of iptables-legacy."""

import contextlib
from pathlib import Path

from exporter.core.nat.ruleset import Ruleset
from exporter.errors import SourceError
from exporter.kernel.firewall.iptables_legacy.reader import LegacyReader
from exporter.kernel.firewall.nftables.reader import NftReader

PROCFS = Path("/proc")  # shows the reading thread's namespace, wherever another /proc is mounted
TRIES = 3


def read_rulesets() -> tuple[Ruleset, ...]:
    """Read them; nothing stays open. Raises OSError for a refusal, SourceError while the rules change."""
    legacy, _, _ = LegacyReader(PROCFS).read()
    nft = _read_nft()
    return tuple(ruleset for ruleset in (nft, legacy) if ruleset is not None and ruleset.chains)


def _read_nft() -> Ruleset:
    with contextlib.closing(NftReader()) as reader:
        for _ in range(TRIES):
            generation = reader.read()
            if generation.whole:
                return generation.ruleset
    raise SourceError("interrupted", "they change during every dump")
