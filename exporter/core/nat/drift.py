"""Findings about NAT: differences between what Docker must have programmed and what the kernel does."""

from collections.abc import Hashable

from msgspec import Struct
from msgspec.structs import asdict, fields

from exporter.core.findings.finding import CONFIRMED, Finding, Severity
from exporter.core.nat.expected import ExpectedBinding
from exporter.core.nat.ruleset import IP


class Subject(Struct, frozen=True):
    """What a drift is about, as its labels; '' for a label that does not apply."""

    family: str = ""
    chain: str = ""
    network: str = ""
    container: str = ""
    protocol: str = ""
    host_address: str = ""
    host_port: str = ""


LABELS = tuple(field.name for field in fields(Subject))


def drift(kind: str, severity: Severity, subject: Subject, detail: str, key: Hashable = None) -> Finding:
    """A finding; its key is its subject, unless `key` is given."""
    return Finding(kind, severity, CONFIRMED, key or subject, detail, asdict(subject))


def of_binding(binding: ExpectedBinding, chain: str) -> Subject:
    """The subject of a drift of a published port."""
    return Subject(
        family=binding.family,
        chain=chain,
        network=binding.network,
        container=binding.container,
        protocol=binding.protocol,
        host_address=binding.host_address,
        host_port=str(binding.host_port),
    )


def written(binding: ExpectedBinding) -> str:
    """Format a published port: `tcp/8080`, or with its address `tcp/192.0.2.10:8080`, `tcp/[::]:8080`."""
    if not binding.host_ip and binding.family == IP:
        return f"{binding.protocol}/{binding.host_port}"
    address = f"[{binding.host_address}]" if ":" in binding.host_address else binding.host_address
    return f"{binding.protocol}/{address}:{binding.host_port}"
