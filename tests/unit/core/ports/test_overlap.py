"""The rule for two binds of one port."""

import itertools

import pytest

from exporter.core.model.sockets import ListeningSocket
from exporter.core.ports.overlap import ANY, NOTHING, cover, overlaps

FORMS = (
    ("0.0.0.0", False),
    ("127.0.0.1", False),
    ("10.77.0.1", False),
    ("::", False),
    ("::", True),
    ("::1", False),
    ("fd77::1", False),
    ("::ffff:127.0.0.1", False),
    ("::ffff:0.0.0.0", False),
)


@pytest.mark.parametrize(
    ("address", "v6only", "covered"),
    [
        ("", False, (ANY, ANY)),
        ("0.0.0.0", False, (ANY, NOTHING)),
        ("192.0.2.1", False, ("192.0.2.1", NOTHING)),
        ("::", False, (ANY, ANY)),
        ("::", True, (NOTHING, ANY)),
        ("2001:DB8:0::1", False, (NOTHING, "2001:db8::1")),
        ("::ffff:192.0.2.1", False, ("192.0.2.1", NOTHING)),
        ("::ffff:c000:201", False, ("192.0.2.1", NOTHING)),
        ("::ffff:0.0.0.0", False, (ANY, NOTHING)),
    ],
)
def test_an_address_covers_one_family_or_both(address: str, v6only: bool, covered: tuple[str, str]) -> None:  # noqa: FBT001
    assert cover(address, v6only=v6only) == covered


def test_another_port_is_another_matter() -> None:
    assert overlaps(ListeningSocket("tcp", "", 80), ListeningSocket("tcp", "::1", 80))
    assert not overlaps(ListeningSocket("tcp", "", 80), ListeningSocket("tcp", "::1", 81))


def test_who_is_asked_first_does_not_matter() -> None:
    claims = [ListeningSocket("tcp", address, 80, v6only=v6only) for address, v6only in (*FORMS, ("", False))]
    for one, other in itertools.product(claims, claims):
        assert overlaps(one, other) == overlaps(other, one)
