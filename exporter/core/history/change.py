"""One change of Docker's networking, and the kinds of changes."""

from collections.abc import Mapping

from msgspec import Struct, field

EXPORTER_STARTED = "exporter_started"
CONTAINER_STARTED, CONTAINER_DIED, CONTAINER_RENAMED = "container_started", "container_died", "container_renamed"
CONTAINER_PAUSED, CONTAINER_UNPAUSED = "container_paused", "container_unpaused"
ENDPOINT_CONNECTED, ENDPOINT_DISCONNECTED = "endpoint_connected", "endpoint_disconnected"
ADDRESS_CHANGED = "address_changed"
NETWORK_CREATED, NETWORK_REMOVED = "network_created", "network_removed"
ENGINE_LOST, ENGINE_RETURNED = "engine_lost", "engine_returned"
RULES_ADDED, RULES_REMOVED = "rules_added", "rules_removed"
UPLINK_CHANGED, BRIDGE_CHANGED, ROUTE_CHANGED = "uplink_changed", "bridge_changed", "route_changed"
LISTENER_OPENED, LISTENER_CLOSED = "listener_opened", "listener_closed"
FINDING_BEGAN, FINDING_ENDED = "finding_began", "finding_ended"
KINDS = (
    *(EXPORTER_STARTED, CONTAINER_STARTED, CONTAINER_DIED, CONTAINER_RENAMED, CONTAINER_PAUSED, CONTAINER_UNPAUSED),
    *(ENDPOINT_CONNECTED, ENDPOINT_DISCONNECTED, ADDRESS_CHANGED, NETWORK_CREATED, NETWORK_REMOVED),
    *(ENGINE_LOST, ENGINE_RETURNED, RULES_ADDED, RULES_REMOVED, UPLINK_CHANGED, BRIDGE_CHANGED, ROUTE_CHANGED),
    *(LISTENER_OPENED, LISTENER_CLOSED, FINDING_BEGAN, FINDING_ENDED),
)
TIMED_BY_DOCKER = frozenset({CONTAINER_STARTED, CONTAINER_DIED, NETWORK_CREATED})
MAX_TEXT = 512
# What an entry occupies without its texts, and a text without its characters, in CPython.
ENTRY_BYTES, TEXT_BYTES = 320, 50


class Change(Struct, frozen=True):
    """`subject` is what changed: a container, a network, a device, a destination, a port; '' before or after is absent.

    `time` is Unix time: Docker's own for lives of containers and for new networks, else that of the observation; 0 is
    replaced by the latter. `by` are the names of the processes that changed the rules, where nftables reports them.
    Of a finding, `finding` is its kind, `labels` are those of its series and `seconds` is how long it lasted.
    """

    kind: str
    subject: str
    before: str = ""
    after: str = ""
    time: float = 0.0
    container: str = ""
    container_id: str = ""
    network: str = ""
    by: str = ""
    detail: str = ""
    finding: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts of an entry but its labels."""
        return (
            *(self.kind, self.subject, self.before, self.after, self.container, self.container_id, self.network),
            *(self.by, self.detail, self.finding),
        )

    @property
    def size(self) -> int:
        """An upper bound of the bytes that it occupies in memory."""
        texts = (*self.texts, *self.labels.keys(), *self.labels.values())
        return ENTRY_BYTES + sum(TEXT_BYTES + 4 * len(text) for text in texts if text)


def cut(text: str) -> str:
    """Shorten a text that others choose."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def joined(words: tuple[str, ...] | list[str], most: int = 8) -> str:
    """Write a list of words, of a long one the beginning and the number of the others."""
    more = [f"{len(words) - most} more"] if len(words) > most else []
    return cut(", ".join([*words[:most], *more]))
