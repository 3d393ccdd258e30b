import pytest
from msgspec.structs import replace

from exporter.cli.live_view.rates import Rates
from exporter.cli.live_view.screen import Data, amount, screen
from exporter.cli.live_view.state import State
from exporter.core.connections.pair import CLIENT, CONTAINER, OUTSIDE, SERVER
from exporter.core.views.connection_rows import ConnectionRow
from exporter.core.views.finding_rows import FindingRow
from exporter.core.views.host_view import EndpointView, HostView, build_view
from tests.support.page_hosts import large, named, shop
from tests.support.terminal import printed

PEER = ConnectionRow("web", "db", CONTAINER, "5432", "tcp", CLIENT, 3, 1, {"refused": 2}, {}, 1500, 500, 0, 0, 0, 0)
FOUND = (
    FindingRow("port", "start_failed", "critical", "web has no port", "confirmed", {}),
    FindingRow("network", "bridge_down", "warning", "br-front is down", "confirmed", {}),
)
RATES = {("web", "front"): (10.0, 2e6), ("web", "back"): (5000.0, 1.0)}


def drawn(state: State, data: Data, width: int = 80, height: int = 24) -> list[str]:
    return printed(lambda console: console.print(screen(state, data, width, height), width=width))


def rows(state: State, data: Data, width: int = 80) -> list[list[str]]:
    return [line.split() for line in drawn(state, data, width)[3:-1] if line]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", [["db", "back"], ["web", "back"], ["web", "front"]]),
        ("received", [["web", "back"], ["web", "front"], ["db", "back"]]),
        ("sent", [["web", "front"], ["web", "back"], ["db", "back"]]),
        ("total", [["web", "front"], ["web", "back"], ["db", "back"]]),
    ],
)
def test_endpoints_are_sorted_by_name_or_rate(sort: str, order: list[list[str]]) -> None:
    found = rows(State(sort=sort), Data(build_view(shop()), rates=RATES))
    assert [row[:2] for row in found] == order


def test_rates_have_units_and_unknown_ones_a_dash() -> None:
    found = rows(State(sort="name"), Data(build_view(shop()), rates=RATES))
    assert [row[3:] for row in found] == [["-", "-"], ["5.0", "kB", "1", "B"], ["10", "B", "2.0", "MB"]]


def test_a_wide_terminal_has_the_devices() -> None:
    [row, *_] = rows(State(sort="name"), Data(build_view(shop())), width=120)
    assert "veth-db" in row


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 60), (40, 10)])
@pytest.mark.parametrize("view", ["endpoints", "peers", "conflicts", "findings"])
def test_it_is_as_large_as_the_terminal(view: str, width: int, height: int) -> None:
    data = Data(build_view(large(100)), FOUND * 50, (PEER,) * 100)
    lines = drawn(State(view=view), data, width, height)
    assert len(lines) == height
    assert max(map(len, lines)) <= width


def test_scrolling_ends_at_the_last_row_and_the_filter_needs_all_words() -> None:
    data = Data(build_view(large(100)))
    assert rows(State(sort="name", offset=10_000), data)[-1][0] == "c099"
    assert [row[0] for row in rows(State(sort="name", words="NET1 c00"), data)] == ["c001", "c004", "c007"]


def test_conflicts_are_the_findings_about_ports() -> None:
    data = Data(HostView(), FOUND)
    assert rows(State(view="conflicts"), data) == [["critical", "start_failed", "web", "has", "no", "port"]]
    assert len(rows(State(view="findings"), data)) == 2


def test_peers_are_from_clients_to_servers() -> None:
    served = replace(PEER, side=SERVER, peer="", peer_kind=OUTSIDE, failed={})
    assert rows(State(view="peers"), Data(peers=(PEER, served))) == [
        ["web", "db", "5432", "1", "3", "2", "refused", "2.0", "kB"],
        ["(outside)", "web", "5432", "1", "3", "2.0", "kB"],
    ]
    assert rows(State(view="peers"), Data()) == []


def test_an_exporter_that_ends_and_an_engine_that_is_down_are_in_the_first_line() -> None:
    assert drawn(State(), Data(build_view(shop()), error="connection failed"))[0] == "connection failed"
    assert "the Docker Engine does not answer" in drawn(State(), Data(HostView("host")))[0]


def test_a_name_cannot_control_the_terminal() -> None:
    assert "\x1b" not in "".join(drawn(State(words="\x1b"), Data(build_view(named("\x1b[2J")))))


@pytest.mark.parametrize(("count", "written"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5e15, "5000.0 TB")])
def test_amounts_have_a_unit(count: float, written: str) -> None:
    assert amount(count) == written


def test_rates_are_of_endpoints_that_two_readings_have_and_never_negative() -> None:
    rates = Rates()
    before = EndpointView("web", "front", receive_bytes=100, transmit_bytes=900)
    unknown = EndpointView("db", "front")
    assert rates.update([before, unknown], 10.0) == {}
    after = replace(before, receive_bytes=300, transmit_bytes=0)
    assert rates.update([after, unknown], 12.0) == {("web", "front"): (100.0, 0.0)}
    assert rates.update([after], 12.0) == {}
