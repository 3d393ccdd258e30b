"""Rules of a network namespace of the test's own, read as they are told, and why they could not be."""

import contextlib
import errno
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.core.nat.reading import BRIDGE_FILTER
from exporter.errors import SourceError
from exporter.kernel.firewall.nftables import reader as reader_module
from exporter.kernel.firewall.nftables.reader import SMALL, NftReader
from exporter.kernel.nat.reader import NatReader
from tests.support.engine29_hosts import FOLDER, MODES
from tests.support.engine29_hosts import rules as rules_of
from tests.support.kernel.captured_nat_hosts import run
from tests.support.kernel.captured_rules import BODY, CAPTURES, CapturedKernel, Writer, captured
from tests.support.kernel.messages import FakeSocket, as_socket, refusal
from tests.support.kernel.rule_text import said
from tests.support.saved_rules import parse

PROC = Path("/proc")


@pytest.fixture
def rules(namespace: None) -> None:
    """The rules of iptables.v4 and iptables.v6, written by this machine's iptables in a namespace of the test's own."""
    assert namespace is None
    run("iptables-restore", "-c", str(CAPTURES / "iptables.v4"))
    run("ip6tables-restore", "-c", str(CAPTURES / "iptables.v6"))


@pytest.mark.usefixtures("rules")
def test_real_rules_are_read_as_they_are_told() -> None:
    nft = NftReader()
    try:
        for _ in range(2):
            found = nft.read()
            for family in ("ip", "ip6"):
                saved = parse(run(f"{family}tables-save", "-c"), family)
                told = Counter(zip(map(said, saved.rules), saved.packets, strict=True))
                packets = zip(found.counted.rules, found.packets(), strict=True)
                assert Counter((said(rule), count) for rule, count in packets if rule.family == family) == told
            run("iptables", "-t", "nat", "-A", "DOCKER", "-j", "RETURN")
    finally:
        nft.close()


@pytest.mark.usefixtures("rules")
def test_each_change_of_real_rules_is_another_ruleset_and_nothing_else_is() -> None:
    nft = NftReader()
    try:
        first = nft.read().ruleset
        assert nft.read().ruleset is first
        run("iptables", "-P", "FORWARD", "ACCEPT")
        changed = nft.read().ruleset
        assert changed.bases["ip", "filter", "FORWARD"].policy == "ACCEPT"
        run("nft", "delete", "table", "ip", "nat")
        gone = nft.read().ruleset
        assert {table for _, table, _ in gone.chains} == {"filter", "nat"}
        assert not [place for place in gone.chains if place[:2] == ("ip", "nat")]
        run("nft", "flush", "ruleset")
        assert dict(nft.read().ruleset.chains) == {}
    finally:
        nft.close()


@pytest.mark.usefixtures("namespace")
def test_what_others_write_is_read_with_its_base_chains() -> None:
    run("nft", "-f", str(CAPTURES / "foreign" / "tables.nft"))
    nft = NftReader()
    try:
        assert nft.read().ruleset == captured("foreign").generation().ruleset
    finally:
        nft.close()


@pytest.mark.usefixtures("namespace")
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.startswith("nft")])
def test_what_docker_29_writes_to_its_own_tables_is_read_as_its_text_says(mode: str) -> None:
    run("nft", "-f", str(FOLDER / f"{mode}.nft"))
    nft = NftReader()
    try:
        read, told = nft.read().ruleset, rules_of(mode)
    finally:
        nft.close()
    assert (read.bases, read.maps, read.sets) == (told.bases, told.maps, told.sets)
    assert {place: list(map(said, chain)) for place, chain in read.chains.items()} == {
        place: list(map(said, chain)) for place, chain in told.chains.items()
    }


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("change", [b"\xff\xff\1\0", b"\0\0\1\0"])
def test_rules_in_a_form_that_is_not_known_are_a_failed_source(monkeypatch: pytest.MonkeyPatch, change: bytes) -> None:
    kernel = CapturedKernel(captured("docker-20.10"))
    kernel.rules[5] = kernel.rules[5][:BODY] + change + kernel.rules[5][BODY + len(change) :]
    with monkeypatch.context() as patch:
        patch.setattr(reader_module, "open_socket", lambda: as_socket(kernel))
        nat = NatReader(PROC)
    try:
        with pytest.raises(SourceError, match="unknown_form"):
            nat.read(())
    finally:
        nat.stop()


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (lambda: FakeSocket(lambda n: [refusal(errno.EPERM, n)]), "no_net_admin"),
        (lambda: Writer(CapturedKernel(captured("docker-20.10")), 99), "interrupted"),
    ],
)
def test_why_a_reading_failed_is_told(
    monkeypatch: pytest.MonkeyPatch, kernel: Callable[[], FakeSocket], reason: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(reader_module, "open_socket", lambda: as_socket(kernel()))
        nat = NatReader(PROC)
    try:
        with pytest.raises(SourceError, match=reason):
            nat.read(())
    finally:
        nat.stop()


@pytest.mark.usefixtures("rules")
def test_a_reading_holds_both_kinds_of_tables_and_the_sysctls() -> None:
    run("iptables-legacy", "-t", "nat", "-A", "PREROUTING", "-j", "RETURN")
    nat = NatReader(PROC)
    try:
        found = nat.read(["lo"])
        assert found.nft is not None
        assert found.legacy is not None
        assert found.counted.keys[-1][0] == "legacy"  # type: ignore[index]
        assert len(found.counted.keys) == len(found.counted.rules) == len(found.packets)
        assert found.forwarding.keys() - {BRIDGE_FILTER} == {"ip", "ip6", "lo"}
        again = nat.read(["lo"])
        assert again.counted is found.counted
        assert again.forwarding is found.forwarding
    finally:
        nat.stop()


@pytest.mark.usefixtures("rules")
def test_ends_that_nobody_asks_for_are_put_together() -> None:
    nat = NatReader(PROC, max_ended=3)
    try:
        nat.read(())
        for _ in range(4):
            run("iptables", "-t", "nat", "-I", "DOCKER", "-c", "2", "120", "-j", "RETURN")
            run("iptables", "-t", "nat", "-D", "DOCKER", "1")
            nat._read(everything=True)
        found = nat.read(())
        assert [(one.rule.target, one.packets) for one in found.ended] == [("RETURN", 8)]
    finally:
        nat.stop()


@pytest.mark.usefixtures("namespace")
def test_between_changes_nothing_is_due_unless_filter_tables_are_large() -> None:
    nat = NatReader(PROC)
    try:
        assert nat._seconds_left() is not None
        for number, is_due in ((SMALL, False), (SMALL + 1, True)):
            rules = "counter\n" * number
            text = f"table ip filter\ndelete table ip filter\ntable ip filter {{\nchain c {{\n{rules}}}\n}}\n"
            subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
            nat.read(())
            assert (nat._seconds_left() is not None) is is_due
    finally:
        nat.stop()


@pytest.mark.usefixtures("namespace")
def test_the_kernel_does_not_enter_the_chains_of_a_dormant_table() -> None:
    for flags, entered in (("", True), ("flags dormant;", False)):
        text = f"table inet t {{\n{flags}\nchain c {{ type filter hook forward priority 0; policy drop; }}\n}}\n"
        subprocess.run(["nft", "-f", "-"], input=f"table inet t\ndelete table inet t\n{text}", text=True, check=True)
        with contextlib.closing(NftReader()) as reader:
            found = reader.read().ruleset
        assert (("inet", "t", "c") in found.bases, ("inet", "t", "c") in found.chains) == (entered, True)
