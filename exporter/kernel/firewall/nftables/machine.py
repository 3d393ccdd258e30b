"""The registers that a rule's expressions run on: what each register was loaded with."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from exporter.core.nat.ruleset import FAMILIES, IIF, OIF, UNKNOWN, Condition, Effect
from exporter.kernel.netlink.nfnetlink import number

Attributes = Mapping[int, bytes]
INTERFACE_NAME_BYTES = 16  # IFNAMSIZ
WORD = 4  # bytes of the smallest register
WIDE_REGISTERS = range(1, 5)  # linux/netfilter/nf_tables.h: NFT_REG_1 to NFT_REG_4, of four words each
FIRST_WORD_REGISTER = 8  # NFT_REG32_00


class Loaded(Struct):
    """What a register holds: a key of the packet, with the mask and the xor that were laid over it, or a constant.

    Two neighbours may be loaded at once, as source and destination: `second` is the other one. `size` is how many
    bytes were loaded, 0 for a device's name, which is compared with as many as are given. Of what a map returned,
    `map` is its name and `key` are the keys of the look-up.
    """

    key: str = ""
    size: int = 0
    mask: bytes | None = None
    constant: bytes = b""
    second: str = ""
    xor: bytes = b""
    map: str = ""

    @property
    def words(self) -> int:
        """How many registers of four bytes it takes."""
        size = INTERFACE_NAME_BYTES if self.key in (IIF, OIF) else self.size or len(self.constant)
        return max(1, -(-size // WORD))


class State(Struct):
    """A rule while it is read. `layer3` is the family of its addresses, '' where no condition has named it yet."""

    family: str
    registers: dict[int, Loaded] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)
    unknown: str = "expression"
    layer3: str = ""

    def __post_init__(self) -> None:
        self.layer3 = self.family if self.family in FAMILIES else ""

    def loaded(self, register: bytes) -> Loaded:
        """What is in a register; something unknown unless it was loaded."""
        return self.registers.get(word(register), Loaded(f"?{self.unknown}"))

    def decide(self, target: str, **more: Any) -> None:
        """Take what the rule does with a packet; of two such things it is unknown which is done.

        What TPROXY takes is accepted by the same rule.
        """
        before = self.made.get("target")
        if before is None:
            self.made.update(target=target, **more)
        elif (before, target) != ("TPROXY", "ACCEPT"):
            self.conditions.append(Condition(target, UNKNOWN))
            self.made.update(target=f"?{target}", **more)

    def effect(self, effect: Effect) -> None:
        """Take what the rule does to a mark: the conditions so far must hold for it."""
        self.effects.append(effect._replace(behind=len(self.conditions)))

    def load(self, register: bytes, loaded: Loaded) -> None:
        """Put something into a register, over all that shares bytes with it."""
        first = word(register)
        last = first + loaded.words
        for at, held in list(self.registers.items()):
            if at < last and first < at + held.words:
                del self.registers[at]
        self.registers[first] = loaded

    def take_joined(self, register: bytes) -> list[Loaded]:
        """Take what was loaded from a register on without a gap: the keys of one look-up."""
        at = word(register)
        if at not in self.registers:
            return [self.loaded(register)]
        found = []
        while at in self.registers:
            found.append(self.registers.pop(at))
            at += found[-1].words
        return found


def word(register: bytes) -> int:
    """Return where a register begins, in words; ValueError for one that does not exist."""
    place = u32(register)
    return (place - 1) * WORD if place in WIDE_REGISTERS else place - FIRST_WORD_REGISTER


def u32(data: bytes) -> int:
    """Read a number of four bytes; ValueError for any other length: half a number is another."""
    if len(data) != WORD:
        raise ValueError("no number of 32 bits")
    return number(data)
