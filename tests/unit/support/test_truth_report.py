import json

from tests.truth.report import Row, document, parse_row, summary


def row(name: str, *wrong: str, outage: bool = True, verdict: str = "broken", **options: str) -> Row:
    """A case on 20.10 with nftables, in two seconds."""
    settings = {"finding": "", "error": "", "engine": "20.10.24", **options}
    flagged = any(text.startswith("flagged") for text in wrong)
    return Row(
        name,
        "place",
        layout="nft",
        outage=outage,
        verdict=verdict,
        flagged=flagged,
        wrong=wrong,
        **settings,
        seconds=2.0,
        clean=True,
    )


ROWS = [
    row("raw", "explain 8080: whole", verdict="whole", finding="missed"),
    row("filter", finding="present"),
    row("filter", finding="present", engine="28.5.2"),
    row("ufw", outage=False, verdict="whole"),
    row("vendor", "explain 8080: broken", "flagged: missing_jump critical", outage=False),
    row("queue", error="no such module"),
]


def counts(text: str) -> dict[str, list[str]]:
    """The cells of the confusion table by their title."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {title: numbers for title, *numbers in cells}


def test_the_table_counts_what_was_played_by_engine() -> None:
    found = counts(summary(ROWS))
    assert found["outages planted"] == ["2", "1"]
    assert found["- `explain`: reachable"] == ["1", "0"]
    assert found["- `explain`: unreachable or blocked"] == ["1", "1"]
    assert found["- finding present"] == ["1", "1"]
    assert found["- finding missed"] == ["1", "0"]
    assert found["ordinary habits"] == ["2", "0"]
    assert found["- flagged with severity warning or critical"] == ["1", "0"]
    assert found["- `explain` wrong"] == ["1", "0"]


def test_the_summary_lists_what_is_wrong_or_was_not_played() -> None:
    listed = [line for line in summary(ROWS).splitlines() if " / " in line]
    assert [line.partition(" / ")[2].partition(":")[0] for line in listed] == ["raw", "vendor", "queue"]


def test_the_document_says_of_each_kind_how_many_are_right_and_names_the_wrong_ones() -> None:
    text = document(ROWS)
    assert "| outage | place | 1 of 2 | 1 of 1 |  |" in text.splitlines()
    assert "| ordinary | place | 1 of 2 |  |  |" in text.splitlines()
    assert [line.split(" | ")[1] for line in text.splitlines() if line.startswith("| place |")] == [
        "queue",
        "raw",
        "vendor",
    ]


def test_a_row_is_read_as_it_was_written() -> None:
    assert [parse_row(json.dumps(one.plain())) for one in ROWS] == ROWS
