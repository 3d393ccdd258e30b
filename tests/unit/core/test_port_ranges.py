import pytest

from exporter.core.model.container_details import PortBinding
from exporter.core.views.port_ranges import published_ranges, range_text, ranges


@pytest.mark.parametrize(
    ("ports", "written"),
    [([], []), ([80], ["80"]), ([82, 80, 81, 80], ["80-82"]), ([80, 82, 83], ["80", "82-83"])],
)
def test_consecutive_ports_are_one_range(ports: list[int], written: list[str]) -> None:
    assert [range_text(found) for found in ranges(ports)] == written


def test_published_ports_are_ranges_of_one_address_protocol_and_distance() -> None:
    bindings = [PortBinding("tcp", 80 + n, "0.0.0.0", 8000 + n, 8000 + n) for n in range(1000)]
    bindings += [PortBinding("tcp", 80 + n, "::", 9000 + 2 * n, 9000 + 2 * n) for n in range(2)]
    bindings += [PortBinding("udp", 53, "0.0.0.0", 8000, 8000), PortBinding("tcp", 5000), PortBinding("tcp", 5001)]
    assert published_ranges(bindings) == (
        "0.0.0.0:8000-8999->80-1079/tcp",
        "[::]:9000->80/tcp",
        "[::]:9002->81/tcp",
        "0.0.0.0:8000->53/udp",
        "5000-5001/tcp",
    )
