"""A mapping of the file, read key by key; what nobody asked for is unknown, and refused."""

import re
from collections.abc import Collection, Mapping

from exporter.errors import ConfigError
from exporter.web.access.strict_yaml import Tree

TRUE, FALSE = {"true", "yes", "on"}, {"false", "no", "off"}
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = re.compile(r"(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
LONGEST_SECONDS = (2**63 - 1) * 1e-9
PART = re.compile(r"([\d.]+)(\D+)")


class Section:
    """The keys of a mapping; each method takes one and checks it. ConfigError names section and key."""

    def __init__(self, name: str, tree: Tree) -> None:
        if not isinstance(tree, dict | None):
            raise ConfigError(f"{name or 'the file'}: this must be keys with values")
        self._name = name
        self._values: dict[str, Tree] = tree or {}
        self._known: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether nothing is there."""
        return not self._values

    def has(self, key: str) -> bool:
        """Whether the key is there, if only with nothing behind it."""
        return key in self._values

    def section(self, key: str) -> "Section":
        """Take a mapping; one that is not there is empty."""
        return Section(self._path(key), self._take(key))

    def text(self, key: str) -> str:
        """Take a text, '' when there is none."""
        value = self._take(key)
        if isinstance(value, dict | list):
            raise self.error(key, "this must be one text")
        return value or ""

    def file(self, key: str) -> str:
        """Take the name of a file, '' when there is none; it stands in messages, which are one line."""
        value = self.text(key)
        if len(value.splitlines()) > 1 or value.endswith("\n"):
            raise self.error(key, "the name of a file is one line")
        return value

    def choice(self, key: str, names: Collection[str], default: str) -> str:
        """Take one of a few names."""
        value = self.text(key) or default
        if value not in names:
            raise self.error(key, f"{value!r} is none of {', '.join(names)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Take a truth."""
        value = self.text(key).lower()
        if value and value not in TRUE | FALSE:
            raise self.error(key, f"{value!r} is neither true nor false")
        return value in TRUE if value else default

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Take a list of texts; None when there is none."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "this must be a list of texts")
        return tuple(str(item) for item in value)

    def choices(self, key: str, names: Collection[str]) -> tuple[str, ...]:
        """Take a list of names; () when there is none."""
        values = self.texts(key) or ()
        if unknown := [value for value in values if value not in names]:
            raise self.error(key, f"{unknown[0]!r} is none of {', '.join(names)}")
        return values

    def number(self, key: str) -> int:
        """Take a whole number, 0 when there is none."""
        value = self.text(key) or "0"
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise self.error(key, f"{value!r} is no whole number")
        return int(value)

    def seconds(self, key: str) -> float:
        """Take a duration as Go writes it, such as 1m30s; 0 when there is none."""
        value = self.text(key) or "0"
        if value != "0" and not DURATION.fullmatch(value):
            raise self.error(key, f"{value!r} is no duration such as 500ms, 1s or 1m30s")
        seconds = sum(float(number) * UNITS[unit] for number, unit in PART.findall(value))
        if seconds > LONGEST_SECONDS:
            raise self.error(key, "this is longer than the 292 years that Go can count")
        return seconds

    def mapping(self) -> Mapping[str, str]:
        """Take all keys that are there, each with a text."""
        return {key: self.text(key) for key in self._values}

    def refuse_others(self) -> None:
        """Refuse the first key that was not taken; the line names those that were asked for."""
        for key in self._values:
            if key not in self._known:
                where = f"{self._name}: " if self._name else ""
                raise ConfigError(f"{where}unknown key {key!r}; known are {', '.join(self._known)}")

    def error(self, key: str, text: str) -> ConfigError:
        """Return an error about a key."""
        return ConfigError(f"{self._path(key)}: {text}")

    def _path(self, key: str) -> str:
        shown = key if key.isprintable() else repr(key)
        return f"{self._name}.{shown}" if self._name else shown

    def _take(self, key: str) -> Tree:
        self._known.append(key)
        return self._values.get(key)
