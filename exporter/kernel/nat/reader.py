"""Read NAT and filter rules of every backend, and receive notifications of their changes between two readings."""

import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from exporter.core.nat.reading import Counted, Ended, NatReading, merged
from exporter.core.nat.ruleset import Ruleset
from exporter.errors import SourceError
from exporter.kernel.firewall.forwarding import read_forwarding
from exporter.kernel.firewall.iptables_legacy.reader import LegacyReader
from exporter.kernel.firewall.nftables.reader import NftReader
from exporter.kernel.firewall.nftables.watch import RECEIVE_BUFFER, NftWatch
from exporter.kernel.netlink.messages import InterruptedDumpError
from exporter.kernel.netlink.socket_wait import SocketWait
from exporter.log import get_logger

RETRY_SECONDS = 0.5
QUIET_SECONDS = 1.0  # a change is a burst: docker run makes three, firewalld's reload two hundred
LEGACY_SECONDS = 30.0
COUNTERS_SECONDS = 10.0  # how often large filter tables' counters are read
SYSCTL_SECONDS = 5.0
MAX_ENDED = 10_000  # ends that wait to be collected

log = get_logger(component="nat")


class Legacy(Struct):
    """The last reading of iptables-legacy."""

    until: float = 0.0
    ruleset: Ruleset | None = None
    counted: Counted = field(default_factory=Counted)
    packets: list[int] = field(default_factory=list)


class NatReader:
    """Made in the host's network namespace; read by any thread, one at a time."""

    def __init__(
        self,
        procfs: Path,
        max_ended: int = MAX_ENDED,
        receive_buffer: int = RECEIVE_BUFFER,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """At most `max_ended` counters of deleted rules wait for a reading; the others are those of NftWatch."""
        self._max_ended = max_ended
        self._procfs = procfs
        self._nft = NftReader()
        self._watch = NftWatch(receive_buffer, on_change)
        self._wait = SocketWait(self._watch.socket)
        self._legacy_reader = LegacyReader(procfs)
        self._legacy = Legacy()
        self._ended: list[Ended] = []
        self._joined: tuple[Counted, Counted, Counted] = (Counted(), Counted(), Counted())
        self._forwarding: tuple[float, Mapping[str, bool]] = (0.0, {})
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nat", daemon=True)
        self._overflows = 0
        self._changed_at = 0.0
        self._counters_read_at = time.monotonic()

    def start(self) -> None:
        """Start to receive notifications."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the sockets."""
        self._stopped.set()
        self._wait.end()
        if self._thread.ident:
            self._thread.join()
        self._wait.close()
        self._nft.close()
        self._watch.close()

    def read(self, devices: Iterable[str]) -> NatReading:
        """Read rules and counters; `devices` are those whose forwarding switch is read.

        Raises SourceError without the privilege, or while rules change during every dump.
        """
        with self._lock:
            try:
                self._read(everything=False)
            except InterruptedDumpError as error:
                raise SourceError("interrupted", "the rules change during every dump") from error
            except PermissionError as error:
                raise SourceError("no_net_admin", "reading rules needs CAP_NET_ADMIN") from error
            except (LookupError, ValueError, struct.error) as error:
                raise SourceError("unknown_form", f"rules in a form that is not known: {error!r}") from error
            self._read_legacy()
            nft, legacy = self._nft.last, self._legacy
            ended, self._ended = tuple(self._ended), []
            return NatReading(
                nft=nft.ruleset if nft.ruleset.chains else None,
                legacy=legacy.ruleset,
                counted=self._join(nft.counted, legacy.counted),
                packets=[*nft.packets(), *legacy.packets],
                ended=ended,
                changes=self._watch.changes,
                forwarding=self._sysctls(devices),
                writers=self._watch.drain_writers(),
            )

    def _read(self, *, everything: bool) -> None:
        generation = self._nft.read(everything=everything)
        # Final counters of rules deleted before the dump are applied before it: that order makes the sums exact.
        ended = self._watch.ended_until(generation.number)
        if self._watch.overflows != self._overflows:
            self._overflows = self._watch.overflows
            # After lost notifications a rule of the dump may be reported as deleted before it: it counts once.
            living = frozenset(generation.counted.keys)
            ended = [one for one in ended if one.key not in living]
        self._ended += ended
        if len(self._ended) > self._max_ended:  # no scrape for a long time
            self._ended = merged(self._ended, frozenset(self._joined[2].keys))

    def _read_legacy(self) -> None:
        """Ask now and then whether there are legacy tables; those of an engine have counters to show."""
        dockers = self._legacy.ruleset is not None and self._legacy.ruleset.has_docker_rules()
        if not dockers and time.monotonic() < self._legacy.until:
            return
        try:
            found = self._legacy_reader.read()
        except (OSError, ValueError) as error:
            if self._legacy.ruleset is not None:  # they are there, and what they say now is not known
                raise SourceError("legacy_tables", f"legacy tables could not be read: {error}") from error
            log.debug("legacy tables could not be read", error=str(error))
            found = None, Counted(), []
        self._legacy.until = time.monotonic() + LEGACY_SECONDS
        self._legacy.ruleset, self._legacy.counted, self._legacy.packets = found

    def _join(self, nft: Counted, legacy: Counted) -> Counted:
        """The same object while neither changed."""
        if self._joined[0] is not nft or self._joined[1] is not legacy:
            both = Counted(nft.keys + legacy.keys, nft.rules + legacy.rules) if legacy.keys else nft
            self._joined = nft, legacy, both
        return self._joined[2]

    def _sysctls(self, devices: Iterable[str]) -> Mapping[str, bool]:
        until, known = self._forwarding
        if time.monotonic() >= until:
            found = read_forwarding(self._procfs, devices)
            known = known if found == known else found
            self._forwarding = time.monotonic() + SYSCTL_SECONDS, known
        return known

    def _run(self) -> None:
        """Receive notifications before the socket is full, and read a changed ruleset before a scrape has to."""
        while not self._stopped.is_set():
            try:
                self._step()
            except OSError as error:
                log.debug("rules could not be read ahead", error=str(error))
                self._stopped.wait(RETRY_SECONDS)
            except Exception:  # rules in no known form: the next may be in one
                log.exception("rules could not be read ahead")
                self._stopped.wait(QUIET_SECONDS)

    def _step(self) -> None:
        if not self._wait.until_readable(self._seconds_left()):
            self._read_ahead()
            return
        with self._lock:
            before = self._watch.changes
            self._watch.receive_all()
            if self._watch.changes != before:
                self._changed_at = time.monotonic()

    def _seconds_left(self) -> float | None:
        """Until something is read although no notification arrives; None where nothing is."""
        changed = [self._changed_at + QUIET_SECONDS] if self._changed_at else []
        counters = [self._counters_read_at + COUNTERS_SECONDS] if self._nft.is_large or not self._nft.last.whole else []
        due = min((*changed, *counters), default=None)
        return due if due is None else max(0.0, due - time.monotonic())

    def _read_ahead(self) -> None:
        if self._stopped.is_set():
            return
        now = time.monotonic()
        changed = self._changed_at and now - self._changed_at >= QUIET_SECONDS
        if changed or now - self._counters_read_at >= COUNTERS_SECONDS:
            self._counters_read_at = now  # also of a reading that fails: without the privilege each one does
            with self._lock:
                self._read(everything=True)
            self._changed_at = 0.0
