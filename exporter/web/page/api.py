"""The JSON documents; static/openapi.json describes them."""

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import asdict, replace

from exporter.core.explain import path
from exporter.core.explain.counted_name import counted_name
from exporter.core.explain.path import Explanation
from exporter.core.history.change import Change
from exporter.core.history.change_log import document as history_document
from exporter.core.observation import Observation
from exporter.core.ports.scope import scope
from exporter.core.reach.surroundings import Surroundings
from exporter.core.reach.surroundings import document as surroundings_document
from exporter.core.views import connection_rows
from exporter.core.views.blind_spots import unseen
from exporter.core.views.finding_rows import evaluated, findings, not_evaluated
from exporter.core.views.host_view import HostView, build_view, document
from exporter.core.views.pending import has_pending
from exporter.web.page.layout import endpoint_key


def topology(observation: Observation) -> str:
    """Containers, networks, endpoints and uplinks."""
    return written(document(build_view(observation)))


def ports(observation: Observation) -> str:
    """Listening sockets of the host, null where they could not be read; published ports; those of Swarm's mesh."""
    sockets = observation.sockets
    listeners = None
    if sockets is not None:
        listeners = [
            {
                "protocol": listener.socket.protocol,
                "address": listener.socket.address,
                "port": listener.socket.port,
                "owner": listener.owner.name,
                "owner_kind": listener.owner.kind,
                "scope": scope(listener.socket.address),
            }
            for listener in sockets.listeners
        ]
    published = [
        {"container": container.name, **asdict(binding)}
        for container in observation.topology.inventory.containers.values()
        if container.details is not None
        for binding in container.details.published
    ]
    mesh = to_builtins(observation.topology.inventory.mesh_ports)
    return written({"listeners": listeners, "published": published, "mesh": mesh})


def connections(observation: Observation, container: str = "") -> str:
    """Pairs of TCP connections, null where they are not counted, and sums by container; of one where it is given.

    Raises NoContainerError.
    """
    report, inventory = observation.connections, observation.topology.inventory
    name = counted_name(inventory, report, container) if container else ""
    return written(connection_rows.document(report, name))


def found(observation: Observation) -> str:
    """Findings, the inputs that are unavailable, and whether a condition is pending."""
    lines = [asdict(line) for line in findings(observation)]
    return written(
        {
            "findings": lines,
            "unseen": unseen(observation),
            "kinds_evaluated": len(evaluated(observation)),
            "kinds_not_evaluated": {kind: list(inputs) for kind, inputs in not_evaluated(observation).items()},
            "pending": has_pending(observation),
        }
    )


def explained(found: Explanation, around: Surroundings | None = None) -> str:
    """The paths from a port of the host, or to a container, whose networks are `around`."""
    written_paths = path.document(found)
    return written({**written_paths, "container": surroundings_document(around) if around else None})


def changes(found: Iterable[Change], since: float) -> str:
    """The changes, the oldest first, and the Unix time from which they are recorded."""
    return written({"recorded_since": since, "changes": history_document(found)})


def counters(observation: Observation) -> str:
    """Bytes by endpoint, as (received, sent)."""
    seen = build_view(observation)
    return json.dumps({endpoint_key(e): (e.receive_bytes, e.transmit_bytes) for e in seen.endpoints})


def version(observation: Observation, view: HostView | None = None) -> int:
    """A number that changes with the page; counters are left out. `view` is that of the observation."""
    seen = view or build_view(observation)
    still = replace(
        seen,
        endpoints=tuple(replace(e, receive_bytes=None, transmit_bytes=None) for e in seen.endpoints),
        uplinks=tuple(replace(u, receive_bytes=None, transmit_bytes=None) for u in seen.uplinks),
    )
    parts = (still, ports(observation), unseen(observation), observation.inside, observation.changes)
    return zlib.crc32(repr(parts).encode())


def written(document: Mapping[str, Any]) -> str:
    """Write a document as JSON, each row of a list on a line of its own: in one piece it would hold the interpreter."""
    return "{" + ",".join(f"\n{json.dumps(key)}: {_member(value)}" for key, value in document.items()) + "\n}\n"


def _member(value: Any) -> str:
    if not isinstance(value, list | tuple) or not value:
        return json.dumps(value)
    return "[" + ",".join(f"\n {json.dumps(row)}" for row in value) + "\n]"
