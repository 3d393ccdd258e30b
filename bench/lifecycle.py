"""The steps of a container's life, each with the event that tells it and what the metrics show then."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

IMAGE, COMMAND = "busybox:local", ["sleep", "100000"]
HOME, SIDE = "bridge", "side"
LABEL = re.compile(rb'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Step:
    """What is done, the first event that tells it, and how the metrics show it."""

    name: str
    event: str
    do: Callable[[], object]
    shown: Callable[[bytes], bool]


def life(api: Any, name: str) -> Iterator[Step]:
    """One container: each step is to be shown before the next one is asked for."""
    container = api.create_container(IMAGE, COMMAND, name=name)["Id"]
    yield _start(api, container, name)
    yield Step(
        "network connect",
        "network connect",
        lambda: api.connect_container_to_network(container, SIDE),
        lambda body: _counted(body, name, SIDE),
    )
    yield Step(
        "network disconnect",
        "network disconnect",
        lambda: api.disconnect_container_from_network(container, SIDE),
        lambda body: not _counted(body, name, SIDE),
    )
    yield from _second_half(api, container, f"renamed-{name}")


def _second_half(api: Any, container: str, name: str) -> Iterator[Step]:
    before = b""

    def is_renamed(body: bytes) -> bool:
        nonlocal before
        before = veth(body, name)
        return _counted(body, name, HOME) and before != b""

    def is_new(body: bytes) -> bool:
        return _counted(body, name, HOME) and veth(body, name) not in (b"", before)

    def is_gone(body: bytes) -> bool:
        return f'container="{name}"'.encode() not in body

    yield Step("rename", "container rename", lambda: api.rename(container, name), is_renamed)
    yield Step("restart", "container start", lambda: api.restart(container, timeout=0), is_new)
    yield Step("stop", "container die", lambda: api.stop(container, timeout=0), is_gone)
    yield _start(api, container, name)
    yield Step("rm", "container die", lambda: api.remove_container(container, force=True), is_gone)


def _start(api: Any, container: str, name: str) -> Step:
    return Step("start", "container start", lambda: api.start(container), lambda body: _counted(body, name, HOME))


def veth(body: bytes, container: str) -> bytes:
    """The host's device of a container on its first network, as the metrics name it; empty when they do not."""
    for line in body.splitlines():
        if line.startswith(b"dockernet_endpoint_info{"):
            labels: dict[bytes, bytes] = dict(LABEL.findall(line))
            if (labels[b"container"], labels[b"network"]) == (container.encode(), HOME.encode()):
                return labels[b"veth"]
    return b""


def _counted(body: bytes, container: str, network: str) -> bool:
    wanted = f'\ndockernet_endpoint_receive_bytes_total{{container="{container}",network="{network}"}}'
    return wanted.encode() in body
