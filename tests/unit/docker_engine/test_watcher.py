"""Following an engine: what makes it look, and what it knows afterwards."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from exporter.core.model.docker import RemoteEndpoint
from exporter.docker_engine.settings import Timing
from exporter.docker_engine.watcher import EngineWatcher
from tests.support.engine_follower import PATIENT, Follower
from tests.support.fake_engine import FakeEngine


def asked(engine: FakeEngine, path: str) -> int:
    return Counter(engine.asked)[path]


def test_the_events_are_asked_for_before_the_list(engine: FakeEngine, follower: Follower) -> None:
    assert follower.inventory.connected
    assert engine.asked.index("/events") < engine.asked.index("/containers/json")


def test_a_container_that_runs_already_is_known_with_its_process(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    engine.appear_silently("web", pid=41)
    found = follow().synced().container("web")
    assert found is not None
    assert (found.pid, found.state, [e.network for e in found.endpoints]) == (41, "running", ["bridge"])


def test_a_container_that_starts_appears(engine: FakeEngine, follower: Follower) -> None:
    engine.run("web", pid=42)
    follower.wait(lambda: (web := follower.container("web")) and web.pid == 42, "web")


def test_a_container_that_is_renamed_has_its_new_name(engine: FakeEngine, follower: Follower) -> None:
    engine.run("web")
    engine.rename("web", "shop")
    follower.wait(lambda: follower.container("shop") and not follower.container("web"), "shop")


def test_a_container_that_is_removed_goes(engine: FakeEngine, follower: Follower) -> None:
    """Its inspect is answered with 404, which is no error."""
    engine.run("web")
    follower.wait(lambda: follower.container("web"), "web")
    engine.remove("web")
    follower.wait(lambda: not follower.container("web"), "no web")
    assert follower.inventory.connected


def test_an_event_during_an_inspect_makes_it_inspect_again(engine: FakeEngine, follower: Follower) -> None:
    """The answer under way is older than the change."""
    path = "/containers/web-id/json"
    with engine.holding(path):
        engine.run("web")
        follower.wait(lambda: asked(engine, path) == 1, "an inspect under way")
        engine.rename("web", "shop")
        heard = ("container", "rename")
        follower.wait(lambda: follower.watcher.stats().events.get(heard) == 1, "the rename heard")
    follower.wait(lambda: follower.container("shop"), "shop")


def test_exec_and_health_checks_make_no_inspect(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    engine.appear_silently("web")
    follower = follow().synced()
    inspects = asked(engine, "/containers/web-id/json")
    for action in ("exec_create: sh -c true", "exec_start: sh -c true", "exec_die", "health_status: healthy"):
        engine.emit("container", action, "web")
    engine.run("last")
    follower.wait(lambda: follower.container("last"), "what came after them")
    assert asked(engine, "/containers/web-id/json") == inspects


def test_an_event_that_comes_twice_counts_once(engine: FakeEngine, follower: Follower) -> None:
    event = engine.emit("container", "start", "ghost")
    engine.repeat(event)
    engine.run("last")
    follower.wait(lambda: follower.container("last"), "what came after them")
    assert follower.watcher.stats().events["container", "start"] == 2


def test_a_network_that_nobody_told_of_is_listed_when_a_container_connects(
    engine: FakeEngine, follower: Follower
) -> None:
    """Engines make docker_gwbridge without an event."""
    engine.network("docker_gwbridge")
    engine.emit("network", "connect", "web", "docker_gwbridge")
    follower.wait(lambda: follower.network("docker_gwbridge"), "docker_gwbridge")
    assert follower.resyncs("start") == 1


def test_a_network_appears_and_goes(engine: FakeEngine, follower: Follower) -> None:
    engine.network("front", silently=False)
    follower.wait(lambda: follower.network("front") and "front-net" in follower.inventory.members, "front")
    del engine.networks["front-net"]
    engine.emit("network", "destroy", "", "front")
    follower.wait(lambda: not follower.network("front"), "no front")


def test_the_members_of_a_destroyed_network_are_forgotten(engine: FakeEngine, follower: Follower) -> None:
    engine.network("front", silently=False)
    follower.wait(lambda: "front-net" in follower.inventory.members, "its members")
    del engine.networks["front-net"]
    engine.emit("network", "destroy", "", "front")
    follower.wait(lambda: not follower.network("front"), "no front")
    follower.wait(lambda: "front-net" not in follower.inventory.members, "no members of front")


def test_what_changed_without_an_event_is_found_by_the_periodic_list(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    follower = follow(replace(PATIENT, resync=0.1)).synced()
    engine.appear_silently("web")
    follower.wait(lambda: follower.container("web") and follower.settled(), "web")
    assert follower.resyncs("periodic") > 0
    assert follower.resyncs("reconnect") == 0
    assert follower.watcher.stats().listed_at >= follower.inventory.synced_at > 0


def test_a_periodic_list_changes_nothing_of_a_container_that_did_not_change(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    """The list counts its creation in whole seconds, and calls an image that lost its name by its id."""
    engine.appear_silently("web")
    follower = follow(replace(PATIENT, resync=0.1)).synced()
    before = follower.container("web")
    engine.retag("web")
    lists = asked(engine, "/containers/json")
    follower.wait(lambda: asked(engine, "/containers/json") > lists + 1, "a list after it")
    assert follower.container("web") == before


def test_endpoints_on_other_nodes_are_known(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    engine.network("ov")
    engine.elsewhere("ov", "two", "10.0.1.4")
    follower = follow().synced()
    assert follower.inventory.remote["ov-net"] == (RemoteEndpoint("two-endpoint", "two", "10.0.1.4", "192.0.2.2"),)


def test_one_row_that_is_not_understood_costs_no_other(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    engine.appear_silently("web")
    engine.appear_silently("odd")
    engine.containers["odd-id"]["HostConfig"] = "nonsense"
    with capture_logs() as entries:
        follower = follow(replace(PATIENT, resync=0.1)).synced()
        lists = asked(engine, "/containers/json")
        follower.wait(lambda: asked(engine, "/containers/json") > lists + 1, "a list after it")
    assert {container.name for container in follower.inventory.containers.values()} == {"web"}
    assert [entry["id"] for entry in entries if entry["log_level"] == "warning"] == ["odd-id"]


def test_an_inspect_that_is_not_understood_is_said_once_and_asked_for_again_with_the_next_list(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    engine.appear_silently("odd")
    engine.containers["odd-id"]["RestartCount"] = "often"
    with capture_logs() as entries:
        follower = follow(replace(PATIENT, resync=0.5))
        follower.watcher.start()
        follower.wait(lambda: asked(engine, "/containers/odd-id/json") > 3, "an inspect with each list")
    told = [entry["error"] for entry in entries if entry["log_level"] == "warning"]
    assert told == ["""ValueError("invalid literal for int() with base 10: 'often'")"""]
    assert asked(engine, "/containers/odd-id/json") <= asked(engine, "/containers/json")
    assert {container.name for container in follower.inventory.containers.values()} == {"odd"}


def failed_start(engine: FakeEngine, name: str) -> None:
    """A stopped container was started, and did not: nothing of it but the error changes."""
    engine.containers[f"{name}-id"]["State"] |= {"Error": "Bind for 0.0.0.0:8080 failed: port is already allocated"}


def stopped(engine: FakeEngine, name: str) -> None:
    """A container that publishes a port and does not run."""
    engine.appear_silently(name)
    engine.containers[f"{name}-id"]["State"] = {"Status": "exited", "Pid": 0}
    engine.containers[f"{name}-id"]["HostConfig"]["PortBindings"] = {"80/tcp": [{"HostPort": "8080"}]}


def error(follower: Follower, name: str) -> str:
    container = follower.container(name)
    return container.details.error if container and container.details else ""


def test_a_start_that_failed_is_seen_by_the_disconnect_that_alone_tells_of_it(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    stopped(engine, "web")
    follower = follow().synced()
    failed_start(engine, "web")
    engine.emit("network", "disconnect", "web", "bridge")
    follower.wait(lambda: error(follower, "web"), "its error")


def test_a_start_that_failed_without_an_event_is_found_by_the_periodic_list(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    stopped(engine, "web")
    follower = follow(replace(PATIENT, resync=0.1)).synced()
    failed_start(engine, "web")
    follower.wait(lambda: error(follower, "web"), "its error")


@pytest.mark.parametrize("action", ["create", "die"])
def test_a_start_that_failed_without_an_event_is_found_soon_after_an_earlier_event(
    engine: FakeEngine, follow: Callable[..., Follower], action: str
) -> None:
    """As Docker 29 does, after `docker run` and after `docker restart`."""
    follower = follow(replace(PATIENT, start_checks=tuple(number / 10 for number in range(600)))).synced()
    stopped(engine, "web")
    engine.emit("container", action, "web")
    follower.wait(lambda: follower.container("web"), "web")
    failed_start(engine, "web")
    follower.wait(lambda: error(follower, "web"), "its error")
    assert follower.resyncs("periodic") == 0


def test_it_is_read_whole_once_slow_inspects_are_in(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    engine.appear_silently("web")
    follower = follow(replace(PATIENT, settle=1000.0))
    with engine.holding("/containers/web-id/json"):
        follower.watcher.start()
        follower.wait(lambda: "bridge-net" in follower.inventory.members, "all but the container's inspect")
        assert follower.watcher.waiting_for() == "the engine"
    follower.wait(lambda: not follower.watcher.waiting_for(), "the inspect")


def test_an_inspect_without_an_answer_is_not_waited_for_without_end(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    engine.appear_silently("web")
    follower = follow(replace(PATIENT, settle=0.1))
    with engine.holding("/containers/web-id/json"):
        follower.watcher.start()
        follower.wait(lambda: not follower.watcher.waiting_for(), "the rest")
        web = follower.container("web")
        assert web is not None
        assert web.details is None


def test_after_a_reconnect_everything_is_inspected_again(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    engine.appear_silently("web")
    follower = follow().synced()
    follower.wait(lambda: asked(engine, "/containers/web-id/json") == 1, "the first inspect")
    engine.containers["web-id"]["RestartCount"] = 7
    engine.end_streams()
    follower.wait(lambda: (web := follower.container("web")) and web.details and web.details.restart_count == 7, "web")


def test_its_end_does_not_wait_for_the_next_message(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    watcher = EngineWatcher(f"unix://{tmp_path}/none", lambda _: 0, lambda _: None, timing=Timing(poll=600.0))
    watcher.start()
    [inventory] = [one for one in set(threading.enumerate()) - before if one.name == "inventory"]
    watcher.stop()
    inventory.join(60)
    assert not inventory.is_alive()


def test_while_nothing_happens_the_inventory_is_not_woken(follower: Follower) -> None:
    """For three times as long as it waits for what is due."""
    [thread] = [one for one in threading.enumerate() if one.name == "inventory"]
    status = Path(f"/proc/self/task/{thread.native_id}/status")
    seen: list[tuple[str, float]] = [("", 0.0)]

    def rests() -> bool:
        [sleeps] = [line for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt_switches")]
        if sleeps != seen[-1][0]:
            seen.append((sleeps, time.monotonic()))
        return time.monotonic() - seen[-1][1] > 3 * PATIENT.poll

    follower.wait(rests, "no wake-up")
