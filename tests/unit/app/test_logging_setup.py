"""Entries of the log: values that others choose cannot control the operator's terminal."""

import json

import pytest
import structlog

from exporter.app import logging_setup

HOSTILE = "a\x1b[31m\x9b2J\u202eb\r\nc\u2066\udc80"
WORD = "a\x1b[31m\x9b2J\u202eb\u2066"  # structlog itself quotes a text with white space


@pytest.mark.parametrize("style", ["console", "json"])
def test_no_value_controls_the_terminal(capfd: pytest.CaptureFixture[str], style: str) -> None:
    logging_setup.set_up("info", "json" if style == "json" else "console")
    structlog.get_logger().info("container started", name=HOSTILE, names=[HOSTILE], word=WORD)
    written = capfd.readouterr().err
    assert written.endswith("\n")
    assert [character for character in written.removesuffix("\n") if not character.isprintable()] == []


def test_ordinary_values_are_written_as_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    logging_setup.set_up("info", "console")
    structlog.get_logger().info("container started", name="café-1", error="")
    assert "name=café-1" in capfd.readouterr().err


def test_a_traceback_keeps_its_lines_and_is_escaped(capfd: pytest.CaptureFixture[str]) -> None:
    logging_setup.set_up("info", "console")
    try:
        int("bad \x9b2J")
    except ValueError:
        structlog.get_logger().exception("request \x1b[2J failed")
    written = capfd.readouterr().err
    assert "\x1b" not in written
    assert "\x9b" not in written
    assert len(written.splitlines()) > 3


def test_json_keeps_every_character(capfd: pytest.CaptureFixture[str]) -> None:
    logging_setup.set_up("info", "json")
    structlog.get_logger().info("container started", name="a\u202eb")
    assert json.loads(capfd.readouterr().err)["name"] == "a\u202eb"
