"""The little machine of registers that a rule's expressions run on: what each register was loaded with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.core.nat.ruleset import UNKNOWN, Condition
from exporter.kernel.netlink.nfnetlink import number

Attributes = Mapping[int, bytes]


@dataclass(slots=True)
class Loaded:
    """What a register holds: a key of the packet, with the mask that was laid over it, or a constant.

    Two neighbours may be loaded at once, as source and destination: `second` is the other one. `size` is how many
    bytes were loaded, 0 for a device's name, which is compared with as many as are given.
    """

    key: str = ""
    size: int = 0
    mask: bytes | None = None
    constant: bytes = b""
    second: str = ""


@dataclass(slots=True)
class State:
    """A rule while it is read."""

    family: str
    registers: dict[int, Loaded] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)
    unknown: str = "expression"

    def loaded(self, register: bytes) -> Loaded:
        """What is in a register; something unknown unless it was loaded."""
        return self.registers.get(u32(register), Loaded(f"?{self.unknown}"))

    def decide(self, target: str, **more: Any) -> None:
        """Take what the rule does with a packet; of two such things it cannot be told which is done."""
        if "target" in self.made:
            self.conditions.append(Condition(target, UNKNOWN))
        self.made.update(target=target, **more)

    def load(self, register: bytes, loaded: Loaded) -> None:
        """Put something into a register."""
        self.registers[u32(register)] = loaded


def u32(data: bytes) -> int:
    """Read a number of four bytes; ValueError for any other length: half a number is another."""
    if len(data) != 4:  # noqa: PLR2004
        raise ValueError("no number of 32 bits")
    return number(data)
