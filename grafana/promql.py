"""The recurring pieces of queries. Families are named whole where they are used; only scopes and wrappers are here."""

HOST = 'job=~"$job", instance=~"$instance"'
NETWORK = f'{HOST}, network=~"$network"'
CONTAINER = f'{HOST}, container=~"$container"'
ENDPOINT = f'{NETWORK}, container=~"$container"'

# Numbers that sort: the severities of findings, worst first.
SEVERITIES = {"critical": 3, "warning": 2, "info": 1}


def of(family: str, scope: str) -> str:
    """A selector: the series of a family that the dashboard's variables choose."""
    return f"{family}{{{scope}}}"


def rate(family: str, scope: str) -> str:
    """Per second, over as many scrapes as Grafana finds necessary."""
    return f"rate({of(family, scope)}[$__rate_interval])"


def moved(family: str, scope: str) -> str:
    """How much a counter grew in the dashboard's time range."""
    return f"increase({of(family, scope)}[$__range])"


def total(by: str, *vectors: str) -> str:
    """Sum by labels, or of all; several vectors, which have the same labels, are added first."""
    return f"sum by ({by}) ({' + '.join(vectors)})" if by else f"sum({' + '.join(vectors)})"


def largest(count: int, by: str, *families: str, scope: str) -> str:
    """The label sets that moved most in the whole time range: the same ones at each step of a graph."""
    grown = " + ".join(f"increase({of(family, scope)}[$__range] @ end())" for family in families)
    return f"topk({count}, sum by ({by}) ({grown}))"


def share(part: str, whole: str) -> str:
    """Part of a whole; no series where the whole is 0."""
    return f"{part} / ({whole} > 0)"


def or_zero(vector: str) -> str:
    """0 where there is nothing: for counts of what should not be, and never for a reading that may be missing."""
    return f"{vector} or vector(0)"


def by_severity(family: str, scope: str) -> str:
    """The findings of a family as 3, 2 or 1: critical, warning, info."""
    ranks = (
        f"{rank} * {of(family, f'{scope}, severity={chr(34)}{name}{chr(34)}')}" for name, rank in SEVERITIES.items()
    )
    return f"({' or '.join(ranks)})"


def joined(vector: str, label: str, separator: str, *labels: str) -> str:
    """Write a label of other labels."""
    sources = ", ".join(f'"{source}"' for source in labels)
    return f'label_join({vector}, "{label}", "{separator}", {sources})'


def relabelled(vector: str, label: str, value: str, source: str = "", pattern: str = ".*") -> str:
    """Write a label anew where the pattern fits all of the source; a value without a source is a constant."""
    return f'label_replace({vector}, "{label}", "{value}", "{source}", "{pattern}")'
