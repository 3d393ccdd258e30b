"""A difference between what Docker must have programmed and what the kernel does."""

from dataclasses import dataclass

from exporter.core.nat.expected import ExpectedBinding


@dataclass(frozen=True, slots=True)
class Subject:
    """What a drift is about; what does not apply is ''."""

    family: str = ""
    chain: str = ""
    network: str = ""
    container: str = ""
    protocol: str = ""
    host_address: str = ""
    host_port: str = ""


@dataclass(frozen=True, slots=True)
class NatDrift:
    """One finding; `detail` is a sentence for people."""

    kind: str
    severity: str
    subject: Subject
    detail: str


def of_binding(binding: ExpectedBinding, chain: str) -> Subject:
    """The subject of what is wrong with a published port."""
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
    """A published port as people write it: `tcp/0.0.0.0:8080`."""
    address = f"[{binding.host_address}]" if ":" in binding.host_address else binding.host_address
    return f"{binding.protocol}/{address}:{binding.host_port}"
