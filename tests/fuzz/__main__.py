"""`python -m tests.fuzz [--seconds N] [CAMPAIGN ...]`: each property test of a campaign again and again for N seconds.

The tests are those of `make test`; here hypothesis looks for other examples in each round, and stops at the first that
fails. It keeps that one in .hypothesis, so that the test fails with it from then on.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = 300  # of each test in a round
# By who chooses what is read.
CAMPAIGNS: Mapping[str, tuple[str, ...]] = {
    "texts": ("tests/unit/test_hostile_texts.py", "tests/unit/core/ports/test_log_parser.py"),
    "engine": ("tests/unit/test_hostile_hosts.py", "tests/chaos/test_hostile_documents.py"),
    "expositions": ("tests/unit/metrics/test_text.py", "tests/unit/metrics/test_templated.py"),
    "containers": (
        *("tests/unit/core/reach/test_hostile_files.py", "tests/unit/core/reach/test_name_files.py"),
        *("tests/unit/kernel/reach/test_files.py", "tests/unit/kernel/reach/test_dns.py"),
        *("tests/unit/kernel/reach/test_probe_messages.py", "tests/unit/kernel/test_malformed_answers.py"),
    ),
    "clients": (
        *("tests/unit/web/server/test_malformed.py", "tests/unit/web/access/test_config_fuzz.py"),
        "tests/unit/web/http/test_request.py",
        *("tests/unit/core/reach/test_question.py", "tests/unit/web/server/test_rate_limit.py"),
    ),
    "kernel": (
        *("tests/unit/kernel/netlink/test_netlink_fuzz.py", "tests/unit/kernel/links/test_stats_fuzz.py"),
        *("tests/unit/kernel/firewall/nftables/test_nftables_fuzz.py", "tests/unit/kernel/conntrack/test_flows.py"),
        "tests/unit/kernel/firewall/iptables_legacy/test_tables.py",
    ),
}


def main() -> int:
    """Run the campaigns; 1 when a test failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="of each campaign")
    parser.add_argument("campaigns", nargs="*", metavar="campaign", help=f"only these: {', '.join(CAMPAIGNS)}")
    options = parser.parse_args()
    if unknown := set(options.campaigns) - CAMPAIGNS.keys():
        parser.error(f"no such campaign: {', '.join(sorted(unknown))}")
    return max(campaign(name, options.seconds) for name in options.campaigns or CAMPAIGNS)


def campaign(name: str, seconds: float) -> int:
    """Run rounds until the time is over or a test fails, and say how many there were."""
    began, rounds, status = time.monotonic(), 0, 0
    environment = os.environ | {"HYPOTHESIS_PROFILE": "far", "HYPOTHESIS_EXAMPLES": str(EXAMPLES)}
    while not status and time.monotonic() - began < seconds:
        argv = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-x", "--no-header", "--timeout=0", *CAMPAIGNS[name]]
        found = subprocess.run(argv, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
        rounds, status = rounds + 1, found.returncode
    told = f"failed\n{found.stdout}{found.stderr}" if status else "no failure"
    print(f"{name}: {rounds} rounds in {time.monotonic() - began:.0f} s: {told}", flush=True)
    return min(status, 1)


if __name__ == "__main__":
    sys.exit(main())
