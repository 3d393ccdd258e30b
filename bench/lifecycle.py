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
    renamed = f"renamed-{name}"
    before = b""

    def restarted(body: bytes) -> bool:
        return _counted(body, renamed, HOME) and veth(body, renamed) not in (b"", before)

    def is_renamed(body: bytes) -> bool:
        nonlocal before
        before = veth(body, renamed)
        return _counted(body, renamed, HOME) and before != b""

    def start() -> None:
        api.start(container)

    yield Step("start", "container start", start, lambda body: _counted(body, name, HOME))
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
    yield Step("rename", "container rename", lambda: api.rename(container, renamed), is_renamed)
    yield Step("restart", "container start", lambda: api.restart(container, timeout=0), restarted)
    yield Step("stop", "container die", lambda: api.stop(container, timeout=0), lambda body: _absent(body, renamed))
    yield Step("start", "container start", start, lambda body: _counted(body, renamed, HOME))
    yield Step(
        "rm",
        "container die",
        lambda: api.remove_container(container, force=True),
        lambda body: _absent(body, renamed),
    )


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


def _absent(body: bytes, container: str) -> bool:
    """Neither its counters nor itself is shown."""
    return f'container="{container}"'.encode() not in body
