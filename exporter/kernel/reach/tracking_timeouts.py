"""Timeouts of connection tracking in the calling thread's network namespace (nf_conntrack-sysctl)."""

from contextlib import suppress
from pathlib import Path

SETTINGS = Path("/proc/sys/net/netfilter")  # absent while nf_conntrack is not loaded
# Of a connection that begins or lasts; those of one that ends may be short.
STATES = {
    "tcp": ("timeout_syn_sent", "timeout_syn_recv", "timeout_established"),
    "udp": ("timeout", "timeout_stream"),
    "sctp": ("timeout_cookie_wait", "timeout_cookie_echoed", "timeout_established"),
}


def read_untracked(settings: Path = SETTINGS) -> dict[str, str]:
    """Return by protocol the first setting that is 0: an entry ends before the answer; unreadable ones are left out."""
    found: dict[str, str] = {}
    for protocol, states in STATES.items():
        for name in (f"nf_conntrack_{protocol}_{state}" for state in states):
            with suppress(OSError, ValueError):
                if not int((settings / name).read_text()):
                    found.setdefault(protocol, name)
    return found
