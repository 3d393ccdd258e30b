"""Messages that a real kernel sent, kept as text; `python -m tests.support.kernel.capture` writes them anew."""

from pathlib import Path

CAPTURES = Path(__file__).with_name("captures")
FILES = ("devices", "life", "addresses", "routes", "stats")


def captured(name: str) -> list[bytes]:
    """The messages of one capture, each whole, in the order in which the kernel sent them."""
    found: list[bytes] = []
    for line in (CAPTURES / f"{name}.hex").read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("message"):
            found.append(b"")
        elif text:
            found[-1] += bytes.fromhex(text)
    return found
