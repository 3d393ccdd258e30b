"""Rules as real kernels told them, kept as text; `python -m tests.support.record_nat` writes them anew."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from pyroute2.netlink import NLM_F_DUMP_INTR

from exporter.core.nat.reading import NatReading
from exporter.kernel.firewall.iptables_legacy.reader import parse_tables
from exporter.kernel.firewall.iptables_legacy.tables import LegacyTable, parse_answers
from exporter.kernel.firewall.nftables import nfta, reader
from exporter.kernel.firewall.nftables.dump import (
    FAMILIES,
    GETCHAIN,
    GETGEN,
    GETSET,
    GETSETELEM,
    HALF,
    NEWGEN,
    SUBSYSTEM,
)
from exporter.kernel.netlink.messages import HEADER, NLM_F_MULTI, attribute, text, walk
from exporter.kernel.netlink.nfnetlink import NFGENMSG
from tests.support.kernel.messages import FakeSocket, as_socket, done, renumbered, reply

CAPTURES = Path(__file__).with_name("nft_captures")
BODY = HEADER.size + NFGENMSG.size
ALL = tuple(path.parent.name for path in sorted(CAPTURES.glob("*/rules.json")))
LEGACY = tuple(name for name in ALL if "legacy" in name)
NFT = tuple(name for name in ALL if name not in LEGACY)
DOCKER_HOSTS = tuple(name for name in ALL if (CAPTURES / name / "version.json").exists())


@dataclass(frozen=True)
class Capture:
    """One moment of a host's rules."""

    name: str

    @cached_property
    def document(self) -> dict[str, Any]:
        """The file, decoded."""
        found: dict[str, Any] = json.loads((CAPTURES / self.name / "rules.json").read_text())
        return found

    def messages(self, what: str) -> list[bytes]:
        """The kernel's messages about `chains` or `rules`, each whole."""
        return [bytes.fromhex(line) for line in self.document[what]]

    def rules(self) -> list[tuple[int, bytes]]:
        """Each rule's family and attributes."""
        return [(raw[HEADER.size], raw[BODY:]) for raw in self.messages("rules")]

    def saved(self, family: str) -> str:
        """What iptables-save -c told at that moment."""
        return str(self.document["saved"][family])

    def tables(self) -> Iterator[LegacyTable]:
        """The legacy tables."""
        for key, answers in self.document["legacy"].items():
            family, name = key.split()
            yield parse_answers(family, name, *(bytes.fromhex(answers[part]) for part in ("info", "entries")))

    def generation(self) -> reader.Generation:
        """What the reader makes of it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "open_socket", lambda: as_socket(CapturedKernel(self)))
            return reader.NftReader().read()

    def reading(self) -> NatReading:
        """As a reading in which nothing ended."""
        if self.name in LEGACY:
            rules, counted, packets = parse_tables(list(self.tables()))
            return NatReading(legacy=rules, counted=counted, packets=packets)
        found = self.generation()
        return NatReading(nft=found.ruleset, counted=found.counted, packets=found.packets())


@cache
def captured(name: str) -> Capture:
    """A capture by its folder's name."""
    return Capture(name)


class CapturedKernel(FakeSocket):
    """Answers requests for rules as the kernel of a capture did, in whatever order they come.

    `rules`, `chains` and `generation` may be changed, as a writer would.
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__()
        self.capture = capture
        self.generation = int(capture.document["generation"])
        self.rules = capture.messages("rules")
        self.chains = capture.messages("chains")

    def send(self, request: bytes) -> int:
        """Take a request."""
        _, kind, _, sequence, _ = HEADER.unpack_from(request)
        names = [text(payload) for _, payload in walk(request[BODY:])]
        answer = self.answer(kind - SUBSYSTEM, request[HEADER.size], names)
        self._replies.append(lambda _: [renumbered(raw, sequence) for raw in answer])
        return super().send(request)

    def settimeout(self, seconds: float) -> None:
        """It never waits."""

    def answer(self, command: int, family: int, names: list[str]) -> list[bytes]:
        """The messages of an answer."""
        if command == GETGEN:
            body = NFGENMSG.pack(0, 0, self.generation & HALF) + attribute(
                nfta.GEN_ID, self.generation.to_bytes(4, "big")
            )
            return [reply(SUBSYSTEM | NEWGEN, body, flags=0)]
        if command == GETSET:
            found = self.capture.document.get("sets", [])
            return [*(self._at_this_generation(bytes.fromhex(line)) for line in found), done()]
        if command == GETSETELEM:
            found = self.capture.document["elements"][" ".join([FAMILIES[family], *names])]
            return [*(self._at_this_generation(bytes.fromhex(line)) for line in found), done()]
        objects = self.chains if command == GETCHAIN else [raw for raw in self.rules if is_asked(raw, family, names)]
        return [*map(self._at_this_generation, objects), done()]

    def _at_this_generation(self, raw: bytes) -> bytes:
        at = HEADER.size + 2
        return raw[:at] + (self.generation & HALF).to_bytes(2, "big") + raw[at + 2 :]


def is_asked(raw: bytes, family: int, names: list[str]) -> bool:
    """Whether a rule is of the family, the table and the chain that a request names."""
    parts = dict(walk(raw[BODY:]))
    found = [text(parts[nfta.RULE_TABLE]), text(parts[nfta.RULE_CHAIN])]
    return family in (0, raw[HEADER.size]) and found[: len(names)] == names


TORN = NLM_F_MULTI | NLM_F_DUMP_INTR


class Writer(FakeSocket):
    """A kernel whose every dump is interrupted, so many times."""

    def __init__(self, kernel: CapturedKernel, times: int) -> None:
        super().__init__()
        self.kernel, self.times = kernel, times

    def send(self, request: bytes) -> int:
        """Take a request."""
        self.requests.append(request)
        return self.kernel.send(request)

    def recv(self, size: int) -> bytes:
        """The kernel's answer, its end marked as torn."""
        answer = self.kernel.recv(size)
        if HEADER.unpack_from(answer)[1] == 3 and self.times:
            self.times -= 1
            sequence = HEADER.unpack_from(answer)[3]
            return done(sequence, flags=TORN)
        return answer
