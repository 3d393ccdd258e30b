"""Answers of real engines, kept beside the tests as the engine gave them."""

import json
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).parent / "docker_engine" / "recorded"
ENGINES = ("20.10.24", "26.1.5", "28.5.2", "29.7.2")


def answer(engine: str, name: str) -> Any:
    """One recorded answer, freshly decoded."""
    return json.loads((ANSWERS / engine / f"{name}.json").read_text())


def events(engine: str) -> list[dict[str, Any]]:
    """The recorded events in their order, one of each kind."""
    return [json.loads(line) for line in (ANSWERS / engine / "events.jsonl").read_text().splitlines()]
