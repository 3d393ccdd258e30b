"""Words that are out: the sentences of the project are plain technical English (CONTRIBUTING.md, Language)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TEXTS = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "exporter/**/*.py", "grafana/**/*.py", "deploy/**/*")
# The words of others: case names that `make truth` writes.
GENERATED = {"docs/truth.md"}
# Each word with what to write instead. `wanted` is not among them: `wanted_by` is a label.
OUT = {
    r"judg(?:e[ds]?|ing|e?ments?)": "evaluate",
    r"scenes?": "context",
    r"portraits?": "view",
    r"beside": "between scrapes, next to, in addition to",
    r"tell(?:s|ing)?|told": "report, name, distinguish, configured",
    r"hears?|heard": "receive",
    r"(?:no|some)body(?:'?s)?|whoever": "the role: user, operator, process, client",
    r"workshops?": "worker pool",
    r"doors?": "acceptor",
    r"gates?": "middleware",
    r"odd": "what is unusual about it",
    r"doubt(?:s|ful)?": "unknown, pending, ambiguous",
    r"suspicions?": "suspected condition",
    r"insists?": "retry",
    r"asked|asks|asking": "query, request, read",
    r"knows": "the fact itself",
    r"speaks?|spoken": "support, use",
    r"wants?": "need, expect, is configured for",
    r"strangers?": "unknown address, other program",
    r"learns?": "read, get",
    r"leads|led": "forward, DNAT",
    r"alike": "equal, in the same way",
    r"calm(?:ly)?": "low noise, idle",
    r"g(?:ive|ives|ave|iving) way": "is evicted",
    r"(?<!there )(?:is|are|was|were) no": "is not a",
}
PATTERN = re.compile(r"(?<!\w)(?:" + "|".join(OUT) + r")(?!\w)", re.IGNORECASE)

# Right uses: the file, the words around it, the reason.
ALLOWED = (
    ("docs/deployment.md", "`65534` (nobody)", "the user's name in /etc/passwd"),
    ("exporter/core/nat/ruleset.py", '"LED"', "a target of iptables-extensions(8)"),
    ("exporter/core/connections/pair.py", '"nobody"', "a value of the label peer_kind"),
    ("docs/metrics.md", "`nobody`", "the same"),
    ("docs/connections.md", 'peer_kind="nobody"', "the same"),
    ("docs/web.md", "asks for the password", "the program asks a person"),
)


def findings(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        kept = line
        for file, words, _reason in ALLOWED:
            kept = kept.replace(words, "") if name == file else kept
        for match in PATTERN.finditer(kept):
            yield f"{name}:{number}: {match[0]}: {line.strip()}"


def texts() -> Iterator[tuple[str, str]]:
    for pattern in TEXTS:
        for path in sorted(REPOSITORY.glob(pattern)):
            name = path.relative_to(REPOSITORY).as_posix()
            if path.is_file() and "__pycache__" not in name and name not in GENERATED:
                yield name, path.read_text()


def test_no_text_has_a_word_that_is_out() -> None:
    assert [found for name, text in texts() for found in findings(name, text)] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "It is judged.",
        "Read beside the scrapes.",
        "The kernel tells it.",
        "A veth that is nobody's.",
        "It Knows the rule.",
        "A rule leads to it.",
        "A multicast group is no node.",
        "the oldest gives way",
        "NOBODY = 1",
    ],
)
def test_a_planted_word_is_found(sentence: str) -> None:
    assert len(list(findings("docs/x.md", f"first\n{sentence}"))) == 1


@pytest.mark.parametrize("sentence", ["There is no rule.", "wanted_by", "the foretold", "an untold_field", "Navigate."])
def test_other_words_are_not_found(sentence: str) -> None:
    assert list(findings("docs/x.md", sentence)) == []


def test_every_allowed_use_is_still_there() -> None:
    assert [words for file, words, _reason in ALLOWED if words not in (REPOSITORY / file).read_text()] == []
