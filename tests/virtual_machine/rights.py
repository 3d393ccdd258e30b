"""What the exporter's process in a machine may do."""

from typing import Final

from tests.virtual_machine import exporter
from tests.virtual_machine.machine import Machine

NUMBERS: Final = {  # linux/capability.h
    "DAC_READ_SEARCH": 2,
    "NET_ADMIN": 12,
    "SYS_PTRACE": 19,
    "SYS_ADMIN": 21,
    "PERFMON": 38,
    "BPF": 39,
}


def bounding(machine: Machine) -> set[str]:
    """The names of the capabilities that it can have; a number where the name is not known."""
    return names(exporter.status(machine)["CapBnd"])


def permitted(machine: Machine) -> list[set[str]]:
    """The different sets of its threads: those without sources have given theirs up."""
    pid = exporter.status(machine)["Pid"]
    rows = machine.shell(f"grep --no-filename ^CapPrm: /proc/{pid}/task/*/status").splitlines()
    return sorted((names(text) for text in {row.split()[1] for row in rows}), key=len)


def names(text: str) -> set[str]:
    """The capabilities of a set, as /proc/PID/status has it."""
    known = {number: name for name, number in NUMBERS.items()}
    number = int(text, 16)
    return {known.get(bit, str(bit)) for bit in range(number.bit_length()) if number >> bit & 1}
