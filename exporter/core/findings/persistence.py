"""How long a condition has stood: for what is a fault only when it stays."""

from collections.abc import Hashable, Iterable, Mapping


class Standing:
    """Remembers when each condition was first seen; one that is not seen at a look begins anew."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}

    def update(self, conditions: Iterable[Hashable], now: float) -> Mapping[Hashable, float]:
        """Take what is seen now, and return for how many seconds each has stood."""
        self._since = {condition: self._since.get(condition, now) for condition in conditions}
        return {condition: now - since for condition, since in self._since.items()}
