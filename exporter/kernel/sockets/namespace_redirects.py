"""Whether rules of a network namespace of its own redirect what arrives there: a service mesh, a node of kind.

A NAT chain on the prerouting hook that holds a rule: such a rule may lead a port to another one, or to another
namespace. Sources: linux/netfilter/nf_tables.h (NFTA_CHAIN_USE), linux/netfilter_ipv4/ip_tables.h.
"""

import contextlib
import struct
from collections.abc import Iterable
from pathlib import Path

from exporter.core.nat.ruleset import IP, IP6, NAT
from exporter.kernel.firewall.iptables_legacy.tables import has_rules, table_names
from exporter.kernel.firewall.nftables import nfta
from exporter.kernel.firewall.nftables.chains import HOOKS
from exporter.kernel.firewall.nftables.dump import GETCHAIN, dump
from exporter.kernel.netlink.messages import text, walk
from exporter.kernel.netlink.nfnetlink import number, open_socket

PREROUTING = "prerouting"
PROCFS = Path("/proc")  # shows the reading thread's namespace, wherever another /proc is mounted


def read_chains() -> list[bytes]:
    """Read the chains of nf_tables in the calling thread's namespace; none where they cannot be read."""
    with contextlib.suppress(OSError, struct.error), contextlib.closing(open_socket()) as sock:
        return [message for _, message in dump(sock, GETCHAIN).objects]
    return []


def redirects(chains: Iterable[bytes]) -> bool:
    """Whether one of them is a NAT chain of the prerouting hook with rules; False where they are in no known form."""
    with contextlib.suppress(OSError, struct.error, LookupError):
        return any(_redirects(dict(walk(chain))) for chain in chains)
    return False


def _redirects(chain: dict[int, bytes]) -> bool:
    """Of a base chain, rules are its only users."""
    if nfta.CHAIN_HOOK not in chain or text(chain.get(nfta.CHAIN_TYPE, b"")) != NAT:
        return False
    hook = number(dict(walk(chain[nfta.CHAIN_HOOK])).get(nfta.HOOK_NUMBER, b""))
    return HOOKS[hook : hook + 1] == (PREROUTING,) and number(chain.get(nfta.CHAIN_USE, b"")) > 0


def redirects_by_legacy() -> bool:
    """Whether iptables-legacy has such a rule in the calling thread's namespace; False where that cannot be read."""
    with contextlib.suppress(OSError, struct.error, LookupError):
        return any(NAT in table_names(PROCFS, family) and has_rules(family, NAT, "PREROUTING") for family in (IP, IP6))
    return False
