"""The subnets of a network, as an engine lists them."""

from collections.abc import Iterable

from exporter.core.model.docker import Subnet


def distinct_subnets(subnets: Iterable[Subnet]) -> tuple[Subnet, ...]:
    """Return the first of each, as each is a series of its network; '' stands for a text of another form."""
    found: dict[str, Subnet] = {}
    for one in subnets:
        found.setdefault(one.subnet, one)
    return tuple(found.values())
