"""From where a port can be reached."""

import pytest

from exporter.core.ports.scope import scope


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", "all"),
        ("0.0.0.0", "all"),
        ("::", "all"),
        ("::ffff:0.0.0.0", "all"),
        ("127.0.0.1", "loopback"),
        ("127.0.0.53", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.0.0.1", "private"),
        ("172.17.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fd00::1", "private"),
        ("fe80::1", "private"),
        ("fe80::1%eth0", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("224.0.0.251", "private"),
        ("ff02::fb", "private"),
        ("8.8.8.8", "public"),
        ("2606:4700::1", "public"),
        ("::ffff:8.8.8.8", "public"),
    ],
)
def test_scope(address: str, expected: str) -> None:
    assert scope(address) == expected
