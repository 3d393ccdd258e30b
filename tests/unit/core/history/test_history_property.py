"""Whatever happens in whatever order: each change is listed once, in its order, and nothing else is."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.core.history.detector import ChangeDetector
from exporter.core.model.docker import Container, Inventory, Network
from tests.support.builders import connect, disconnect, inventory, network, run
from tests.support.changing_hosts import NOW, STARTED, died, started

STEPS = ("start", "die", "rename", "pause", "connect", "disconnect", "create", "remove", "engine", "list", "list")


class World:
    """An engine that is changed step by step; `expected` are the kinds and subjects that must be listed."""

    def __init__(self) -> None:
        self.containers = {name: died(started(run(name, network="front")), at=STARTED) for name in ("web", "db")}
        self.networks: dict[str, Network] = {"front": network("front"), "back": network("back")}
        self.connected, self.clock = True, STARTED
        self.expected: list[tuple[str, str]] = []

    def inventory(self) -> Inventory:
        """All values are other objects than those of the last inventory."""
        made = inventory(*map(replace, self.containers.values()), *map(replace, self.networks.values()))
        return replace(made, connected=self.connected)

    def step(self, name: str, who: str) -> None:
        """Do one thing, where it is possible."""
        self.clock += 1
        container = self.containers[who]
        live, on_back = container.live, any(e.network == "back" for e in container.endpoints)
        if name == "start" and not live:
            running = connect(replace(container, endpoints=()), "front", ip="172.18.0.2")
            self._become(who, started(running, self.clock), "container_started")
        elif name == "die" and live:
            self._become(who, died(container, 1, self.clock), "container_died")
        elif name == "pause" and live:
            paused = container.state != "paused"
            changed = replace(container, state="paused" if paused else "running")
            self._become(who, changed, "container_paused" if paused else "container_unpaused")
        elif name == "rename":
            self._become(who, replace(container, name=f"{who}-{self.clock:.0f}"), "container_renamed")
        elif name == "connect" and live and not on_back:
            self._become(who, connect(container, "back", ip="172.19.0.2"), "endpoint_connected")
        elif name == "disconnect" and on_back:
            self._become(who, disconnect(container, "back"), "endpoint_disconnected")
        elif name == "create" and who not in self.networks:
            self.networks[who] = network(who)
            self.expected.append(("network_created", who))
        elif name == "remove" and who in self.networks:
            del self.networks[who]
            self.expected.append(("network_removed", who))
        elif name == "engine":
            self.connected = not self.connected
            self.expected.append(("engine_returned" if self.connected else "engine_lost", "docker-host"))

    def _become(self, who: str, container: Container, kind: str) -> None:
        self.containers[who] = container
        self.expected.append((kind, container.name))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(("web", "db"))), max_size=30))
def test_each_step_is_listed_once_and_in_order(steps: list[tuple[str, str]]) -> None:
    world, detector = World(), ChangeDetector()
    found = detector.update_inventory(world.inventory(), NOW)
    for name, who in steps:
        world.step(name, who)
        found += detector.update_inventory(world.inventory(), NOW)
    assert [(change.kind, change.subject) for change in found] == world.expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(("web", "db"))), max_size=30))
def test_all_steps_at_once_leave_nothing_to_find(steps: list[tuple[str, str]]) -> None:
    world, detector = World(), ChangeDetector()
    detector.update_inventory(world.inventory(), NOW)
    for name, who in steps:
        world.step(name, who)
    detector.update_inventory(world.inventory(), NOW)
    assert detector.update_inventory(world.inventory(), NOW) == []
