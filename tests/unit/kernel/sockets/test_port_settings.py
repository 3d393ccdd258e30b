"""Texts of the two settings for local ports."""

import pytest

from exporter.kernel.sockets.port_settings import parse_local_ports, parse_reserved_ports


@pytest.mark.parametrize(("text", "ports"), [("32768\t60999\n", (32768, 60999)), ("1024 65535\n", (1024, 65535))])
def test_the_ports_that_the_kernel_hands_out(text: str, ports: tuple[int, int]) -> None:
    assert parse_local_ports(text) == ports


@pytest.mark.parametrize(
    ("text", "ranges"), [("\n", ()), ("8080\n", ((8080, 8080),)), ("8080,9000-9010\n", ((8080, 8080), (9000, 9010)))]
)
def test_the_ports_that_it_does_not(text: str, ranges: tuple[tuple[int, int], ...]) -> None:
    assert parse_reserved_ports(text) == ranges
