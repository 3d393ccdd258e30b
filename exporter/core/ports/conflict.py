"""Findings about ports."""

from msgspec.structs import replace

from exporter.core.findings.finding import CONFIRMED, Confidence, Finding, Severity
from exporter.core.model.sockets import Owner
from exporter.core.ports.context import PortContext
from exporter.core.ports.listen_address import EVERY_ADDRESS, UNKNOWN_OWNER, ListenAddress

LABELS = ("protocol", "address", "port", "wanted_by", "holder", "holder_kind")


def conflict(
    context: PortContext,
    kind: str,
    place: ListenAddress,
    wanted_by: str,
    severity: Severity,
    detail: str,
    *,
    holder: Owner = UNKNOWN_OWNER,
    confidence: Confidence = CONFIRMED,
) -> Finding:
    """A finding: the container or process `wanted_by` should have the port, `holder` has it.

    `address` is '' and `port` 0 where neither the engine nor the configuration names them; of every address of both
    families IPv4's is shown. The key is the address with the present life of `wanted_by`: the holder may change.
    """
    values = *_place(place), wanted_by, holder.name, holder.kind
    key = *_place(place), wanted_by, context.started.get(wanted_by)
    return Finding(kind, severity, confidence, key, detail, dict(zip(LABELS, values, strict=True)))


def of_holder(found: Finding) -> Finding:
    """The finding with its holder in the key, for kinds with a finding for each holder of an address."""
    return replace(found, key=(found.key, found.labels["holder"], found.labels["holder_kind"]))


def is_about(found: Finding, place: ListenAddress, wanted_by: str) -> bool:
    """Whether a finding is about an address that `wanted_by` should have."""
    return tuple(found.labels[name] for name in LABELS[:4]) == (*_place(place), wanted_by)


def _place(place: ListenAddress) -> tuple[str, str, str]:
    return place.protocol, place.address or (EVERY_ADDRESS if place.port else ""), str(place.port)
