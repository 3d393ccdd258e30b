"""What the product still answers wrongly, by case and host, in known_wrong.json: a fix deletes its lines.

`python -m tests.truth --accept` writes what the cases that it played show.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.truth.report import VERSIONS, Row

PATH = Path(__file__).with_name("known_wrong.json")


@cache
def known() -> dict[str, str]:
    """The wrong answers by key."""
    return dict(json.loads(PATH.read_text()))


def reason(name: str, suite: str, layout: str) -> str:
    """What a case is answered wrongly with; '' when it is answered rightly."""
    return known().get(_key(name, VERSIONS[suite], layout), "")


def accept(rows: Sequence[Row]) -> None:
    """Write the wrong answers among these rows; those of cases that were not played stay."""
    played = {_key(one.name, one.engine, one.layout): "; ".join(one.wrong) for one in rows if not one.error}
    answers = {key: wrong for key, wrong in {**known(), **played}.items() if wrong}
    PATH.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")


def name_of(key: str) -> str:
    """The name of the case that a key is about."""
    return key.rpartition(" @ ")[0]


def _key(name: str, version: str, layout: str) -> str:
    return f"{name} @ {version} {layout}"
