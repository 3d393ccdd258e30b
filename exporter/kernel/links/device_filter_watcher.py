"""Filters at devices, read between scrapes: at once when tc reports a change, and each half minute for BPF programs."""

import os
import select
import threading
from contextlib import suppress

from exporter.core.model.device_filters import DeviceFilter
from exporter.core.model.kernel_sample import SourceState
from exporter.kernel.links.device_filters import read_device_filters
from exporter.kernel.netlink.client import drain, open_socket
from exporter.log import get_logger

RTNLGRP_TC = 4
NAME = "device_filters"
INTERVAL_MILLISECONDS = 30_000  # a BPF program may be attached without a notification
SETTLE_MILLISECONDS = 100

log = get_logger(component=NAME)


class DeviceFilterWatcher:
    """A thread. Create and start it in the network namespace that it reads.

    `latest` and `state` are single values that the thread replaces: readable from any thread. `latest` is None where
    they could not be read.
    """

    def __init__(self) -> None:
        self._changes = open_socket(groups=(RTNLGRP_TC,), timeout=0)
        self._socket = open_socket()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
        self.latest: tuple[DeviceFilter, ...] | None = None
        self.state = SourceState(NAME, up=True)

    def start(self) -> None:
        """Read once, then begin to follow changes."""
        self._read()
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the sockets."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)
        if self._thread.is_alive():
            self._thread.join()
        self._changes.close()
        self._socket.close()
        os.close(self._wake)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._changes, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            poll.poll(INTERVAL_MILLISECONDS)
            with suppress(BlockingIOError):
                os.eventfd_read(self._wake)
            if self._stopping:
                return
            self._settle()
            self._read()

    def _settle(self) -> None:
        """Discard notifications until none arrives for a moment: a script of tc makes many changes."""
        poll = select.poll()
        poll.register(self._changes, select.POLLIN)
        while drain(self._changes) and poll.poll(SETTLE_MILLISECONDS):
            pass

    def _read(self) -> None:
        try:
            self.latest = read_device_filters(self._socket)
            self.state = SourceState(NAME, up=True)
        except OSError as error:
            if self.state.up:
                log.warning("filters at devices could not be read", error=str(error))
            self.latest, self.state = None, SourceState(NAME, up=False, error=str(error))
