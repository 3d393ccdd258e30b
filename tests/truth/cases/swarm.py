"""Swarm services: tasks that are dead are replaced by others and want nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from docker.types import EndpointSpec

from tests.support.live.shop import IMAGE
from tests.support.waiting import until
from tests.truth.case import Case, Plant
from tests.truth.lab import Lab, serving
from tests.truth.plants import process
from tests.truth.probes import published
from tests.truth.rows import ordinary

KIND = "Swarm"
PORT, SECONDS = 8500, 90
DEAD = ("failed", "rejected", "shutdown")


@contextmanager
def service(lab: Lab, **options: Any) -> Iterator[Any]:
    """A service of one task that publishes a port of its node."""
    client = lab.host.client()
    client.swarm.init(advertise_addr="192.0.2.10", listen_addr="192.0.2.10:2377")
    spec = EndpointSpec(ports={PORT: (80, "tcp", "host")})
    yield client.services.create(IMAGE, command=serving("svc"), name="svc", endpoint_spec=spec, **options)
    client.swarm.leave(force=True)


def states(made: Any) -> list[str]:
    """The states of a service's tasks."""
    return [str(task["Status"]["State"]) for task in made.tasks()]


@contextmanager
def dead_tasks(lab: Lab) -> Iterator[None]:
    """Tasks that failed while a process had the port, and the one that runs now."""
    with service(lab) as made:
        with process("nginx", f"tcp,0.0.0.0,{PORT}")(lab):
            # the service was made first: its first task may run
            made.force_update()
            until(lambda: sum(state in DEAD for state in states(made)) > 1, SECONDS, "dead tasks")
        until(lambda: "running" in states(made), SECONDS, "a task that runs")
        until(lambda: SERVED(lab), SECONDS, "the task answers")
        yield


@contextmanager
def updated(lab: Lab) -> Iterator[None]:
    """A service that was updated twice."""
    with service(lab) as made:
        for _ in range(2):
            until(lambda: "running" in states(made), SECONDS, "a task that runs")
            made.force_update()
            until(lambda: is_updated(made), SECONDS, "the update is complete")
        until(lambda: SERVED(lab), SECONDS, "the task answers")
        yield


def is_updated(made: Any) -> bool:
    """Whether the last update has replaced the task; until then the old one may be the one that answers."""
    made.reload()
    return bool(made.attrs.get("UpdateStatus", {}).get("State") == "completed")


SERVED = published(PORT, "svc")


def habit(name: str, plant: Plant) -> Case:
    """A service whose task answers."""
    asked = str(PORT)
    return ordinary(name, KIND, plant, asked=asked, probe=SERVED, sound_before=False, fresh=True, watch=14.0)


CASES = (
    habit("dead tasks beside the running one", dead_tasks),
    habit("updated service", updated),
)
