"""What happens to containers of situations, and to the far end of the uplink."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.truth.case import Plant
from tests.truth.lab import Lab
from tests.truth.plants import shell


def within(name: str, do: str) -> Plant:
    """Shell commands in the network namespace of a container that is removed afterwards."""
    return shell(do, "true", name)


def written(name: str, path: str, text: str, *, append: bool = False) -> Plant:
    """Text for a file of a container that is removed afterwards; `text` may name addresses."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        file = f"/proc/{lab.pid(name)}/root{path}"
        with open(file, "a" if append else "w") as opened:  # noqa: PTH123  below /proc/PID/root
            opened.write(lab.text(text))
        yield

    return plant


def command(verb: str, name: str, undo: str = "") -> Plant:
    """A method of docker's containers, such as `pause`, and the one that undoes it."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        one = lab.host.client().containers.get(name)
        getattr(one, verb)()
        try:
            yield
        finally:
            if undo:
                getattr(one, undo)()

    return plant


def renamed(name: str, to: str) -> Plant:
    """`docker rename`."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        one = lab.host.client().containers.get(name)
        one.rename(to)
        try:
            yield
        finally:
            one.rename(name)

    return plant


def ports_of(*names: str, settings: str) -> Plant:
    """Settings of bridge ports, as `isolated on`, for the host's ends of containers that are removed afterwards."""
    words = "; ".join(f"bridge link set dev ${name}_veth {settings}" for name in names)
    return shell(words, "true")


def removed_from(name: str, network: str) -> Plant:
    """`docker network disconnect`."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        lab.host.client().networks.get(network).disconnect(name)
        yield

    return plant


def outside(do: str, undo: str) -> Plant:
    """Shell commands at the far end of the uplink."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        lab.sh(do, far=True)
        try:
            yield
        finally:
            lab.sh(undo, far=True)

    return plant
