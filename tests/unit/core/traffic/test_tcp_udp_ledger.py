"""Sums of what containers' namespaces counted: over restarts, recreations, renames and late readings."""

from typing import Literal, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.core.model.docker import Container
from exporter.core.model.kernel_sample import StatsRow
from exporter.core.traffic.tcp_udp_ledger import NamespaceLedger, NamespaceStats
from tests.support.builders import CREATED, inventory, rename, run, stop

SENT = 3  # the place of segments_sent


def stats(pid: int, sent: int, *, established: int = 0, rest: int = 0) -> NamespaceStats:
    return NamespaceStats(pid, established, rest, sent, rest, rest, rest, rest, rest)


def start(container: Container, pid: int) -> Container:
    """`docker start CONTAINER`: another process, and endpoints with other ids."""
    endpoints = tuple(replace(e, endpoint_id=f"{e.network}-endpoint-{pid}") for e in container.endpoints)
    return replace(container, state="running", pid=pid, endpoints=endpoints)


def follow(ledger: NamespaceLedger, *containers: Container) -> None:
    ledger.follow(inventory(*containers))


def rows(ledger: NamespaceLedger) -> dict[str, StatsRow | None]:
    counts = ledger.counts(1.0)
    return {name: row for (name, _), row in zip(counts.containers, counts.rows, strict=True)}


def sent(ledger: NamespaceLedger, name: str = "web") -> int | None:
    row = rows(ledger)[name]
    return None if row is None else row[SENT]


def test_one_life_is_shown_as_it_is_read() -> None:
    ledger = NamespaceLedger()
    follow(ledger, run("web", pid=1))
    reading = stats(1, 10, established=2, rest=5)
    ledger.read({"web-id": reading})
    assert rows(ledger) == {"web": reading}
    assert ledger.counts(2.5).age == 2.5


def test_what_was_not_read_yet_is_unknown_and_not_zero() -> None:
    ledger = NamespaceLedger()
    follow(ledger, run("web", pid=1))
    assert rows(ledger) == {"web": None}


def test_containers_are_in_the_order_of_their_names_and_only_those_with_a_namespace_of_their_own() -> None:
    ledger = NamespaceLedger()
    alone = [run("sharer", network="container:web-id"), run("monitoring", network="host"), run("idle", network="none")]
    follow(ledger, run("web"), *alone, run("db"), stop(run("old")))
    assert ledger.counts(None).containers == (("db", CREATED), ("idle", CREATED), ("web", CREATED))


def test_counters_go_on_over_a_restart_and_connections_do_not() -> None:
    ledger = NamespaceLedger()
    web = start(run("web"), 1)
    follow(ledger, web)
    ledger.read({"web-id": stats(1, 10, established=2, rest=5)})
    follow(ledger, stop(web))
    assert rows(ledger) == {}
    follow(ledger, start(web, 2))
    assert rows(ledger) == {"web": None}
    ledger.read({"web-id": stats(2, 12, established=1, rest=6)})
    assert rows(ledger) == {"web": stats(2, 22, established=1, rest=11)}


def test_a_reading_of_the_life_before_is_late_and_changes_nothing() -> None:
    ledger = NamespaceLedger()
    web = run("web")
    follow(ledger, start(web, 1))
    ledger.read({"web-id": stats(1, 10)})
    follow(ledger, start(web, 2))
    ledger.read({"web-id": stats(1, 11)})
    assert sent(ledger) is None


def test_another_process_of_the_same_life_is_no_new_one() -> None:
    """A cgroup may have told a child first; the engine's inspect names the parent."""
    ledger = NamespaceLedger()
    web = start(run("web"), 7)
    follow(ledger, web)
    ledger.read({"web-id": stats(7, 10)})
    follow(ledger, replace(web, pid=5))
    ledger.read({"web-id": stats(5, 11)})
    assert sent(ledger) == 11


def test_a_network_that_is_connected_or_disconnected_is_no_new_life() -> None:
    ledger = NamespaceLedger()
    web = start(run("web"), 1)
    follow(ledger, web)
    ledger.read({"web-id": stats(1, 10)})
    follow(ledger, replace(web, endpoints=()))
    follow(ledger, start(web, 1))
    ledger.read({"web-id": stats(1, 11)})
    assert sent(ledger) == 11


def test_a_life_of_which_nothing_but_smaller_counters_tells_is_a_new_one() -> None:
    ledger = NamespaceLedger()
    follow(ledger, run("web", pid=1))
    ledger.read({"web-id": stats(1, 10, rest=1)})
    ledger.read({"web-id": stats(1, 12, rest=0)})
    assert sent(ledger) == 22


def test_a_process_that_is_not_known_for_a_moment_ends_no_life() -> None:
    ledger = NamespaceLedger()
    idle = run("web", network="none", pid=1)
    follow(ledger, idle)
    ledger.read({"web-id": stats(1, 10)})
    follow(ledger, replace(idle, pid=0))
    assert sent(ledger) == 10
    follow(ledger, idle)
    assert sent(ledger) == 10


def test_a_container_recreated_under_its_name_goes_on_and_began_with_the_first() -> None:
    ledger = NamespaceLedger()
    follow(ledger, start(run("web"), 1))
    ledger.read({"web-id": stats(1, 10)})
    follow(ledger)
    follow(ledger, start(run("web", container_id="second", created=CREATED + 99), 2))
    ledger.read({"second": stats(2, 3)})
    assert ledger.counts(0.0).containers == (("web", CREATED),)
    assert sent(ledger) == 13


def test_a_name_takes_its_counters_along() -> None:
    ledger = NamespaceLedger()
    web = start(run("web"), 1)
    follow(ledger, web)
    ledger.read({"web-id": stats(1, 10)})
    follow(ledger, rename(web, "shop"))
    assert sent(ledger, "shop") == 10


def test_a_reading_of_nobody_known_is_nobodys() -> None:
    ledger = NamespaceLedger()
    ledger.read({"web-id": stats(1, 10)})
    follow(ledger, run("web", pid=1))
    assert sent(ledger) is None


def test_what_is_remembered_of_the_gone_is_bounded() -> None:
    ledger = NamespaceLedger()
    for number in range(4200):
        follow(ledger, run(f"job-{number}", pid=1))
    assert len(ledger._lives._left_behind) == 4096


class Step(NamedTuple):
    """Something that happens to one of two containers."""

    action: Literal["start", "stop", "read", "remove", "other pid"]
    name: str
    segments: int


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["start", "stop", "read", "read", "remove", "other pid"]),
        st.sampled_from(["web", "db"]),
        st.integers(0, 5),
    ),
    max_size=40,
)


@given(STEPS)
@example([Step("start", "web", 0), Step("read", "web", 5), Step("start", "web", 0), Step("read", "web", 1)])
@settings(max_examples=200, deadline=None)
def test_no_counter_ever_goes_back_and_every_segment_is_counted_once(steps: list[Step]) -> None:
    ledger = NamespaceLedger()
    containers: dict[str, Container] = {}
    present: dict[str, int] = {}
    truth = {"web": 0, "db": 0}
    for number, step in enumerate(steps, 1):
        name = step.name
        match step.action:
            case "start":
                known = containers.get(name) or run(name, container_id=f"{name}-{number}")
                containers[name], present[name] = start(known, number), 0
            case "stop" | "remove" if name in containers:
                present.pop(name, None)
                containers[name] = stop(containers[name])
                if step.action == "remove":
                    del containers[name]
            case "other pid" if name in present:
                containers[name] = replace(containers[name], pid=number)
            case "read" if name in present:
                present[name] += step.segments
                truth[name] += step.segments
                ledger.read({containers[name].id: stats(containers[name].pid, present[name])})
        follow(ledger, *containers.values())
        shown = {name: row[SENT] for name, row in rows(ledger).items() if row is not None}
        assert shown == {name: truth[name] for name in shown}
