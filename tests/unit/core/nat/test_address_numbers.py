"""Addresses and subnets as numbers."""

from exporter.core.nat.address_numbers import family_of, number_of, prefix_of


def test_addresses_and_subnets_are_read_as_numbers() -> None:
    assert (family_of("172.18.0.2"), family_of("fd00::/8")) == ("ip", "ip6")
    assert number_of("172.18.0.2") == 0xAC120002
    assert prefix_of("172.18.0.9/16") == (0xAC120000, 0xFFFF0000)
    assert prefix_of("fe80::/10") == (0xFE80 << 112, 0xFFC0 << 112)
