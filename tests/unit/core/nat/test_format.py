"""Addresses of rules, written."""

import pytest

from exporter.core.nat.address_numbers import prefix_of
from exporter.core.nat.format import address_text


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("ip", "192.0.2.10"),
        ("ip", "10.0.0.0/8"),
        ("ip", "0.0.0.0/0"),
        ("ip", "192.0.2.16/28"),
        ("ip6", "2001:db8::1"),
        ("ip6", "fe80::/10"),
        ("ip6", "::/0"),
    ],
)
def test_what_iptables_takes_is_written_as_it_was(family: str, text: str) -> None:
    assert address_text(family, *prefix_of(text)) == text


@pytest.mark.parametrize(
    ("network", "mask", "text"),
    [
        (0x0A000005, 0x0000FFFF, "10.0.0.5/0.0.255.255"),
        (0x0A0B0C0D, 0xFFFF0000, "10.11.12.13/16"),
        (0, 1, "0.0.0.0/0.0.0.1"),
    ],
)
def test_what_no_prefix_says_is_written_all_the_same(network: int, mask: int, text: str) -> None:
    assert address_text("ip", network, mask) == text
