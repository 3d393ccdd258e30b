"""qemu's monitor (QMP): save a machine's state."""

from typing import Any

from tests.virtual_machine.lines import PATIENCE_SECONDS, Lines


class MonitorError(Exception):
    """qemu refused a command; the text is its own."""


class Monitor:
    """The monitor of one machine."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._lines.receive(PATIENCE_SECONDS)  # the greeting
        self._execute("qmp_capabilities")

    def save(self, name: str) -> None:
        """Write memory and devices into the disk's image, in place of an earlier snapshot of that name."""
        if said := self._execute("human-monitor-command", **{"command-line": f"savevm {name}"}).strip():
            raise MonitorError(said)

    def quit(self) -> None:
        """End qemu, with all written."""
        self._execute("quit")

    def _execute(self, command: str, **arguments: str) -> str:
        self._lines.send({"execute": command, "arguments": arguments}, PATIENCE_SECONDS)
        while True:
            document: dict[str, Any] = self._lines.receive(PATIENCE_SECONDS)
            if error := document.get("error"):
                raise MonitorError(f"{command}: {error['desc']}")
            if "return" in document:  # the others are events
                return str(document["return"] or "")
