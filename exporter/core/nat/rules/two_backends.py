"""Both legacy tables and nf_tables hold Docker's rules: an engine changed its backend, and both sets apply."""

from collections.abc import Iterator

from exporter.core.findings.finding import WARNING, Finding
from exporter.core.nat.context import NatContext
from exporter.core.nat.drift import Subject, drift

KIND = "two_backends"


def check(context: NatContext) -> Iterator[Finding]:
    """Look for Docker's chains in both."""
    both = (context.reading.nft, context.reading.legacy)
    if all(rules is not None and rules.has_docker_rules() for rules in both):
        detail = "iptables-legacy and nf_tables both hold Docker's rules; packets pass both"
        yield drift(KIND, WARNING, Subject(chain="DOCKER"), detail)
