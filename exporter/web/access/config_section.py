"""A mapping of the file, read key by key; a key that was not read is unknown, and an error."""

import re
from collections.abc import Collection, Mapping

from exporter.errors import ConfigError
from exporter.web.access.strict_yaml import Tree

TRUE, FALSE = {"true", "yes", "on"}, {"false", "no", "off"}
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = re.compile(r"(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
MAX_SECONDS = (2**63 - 1) * 1e-9
PART = re.compile(r"([\d.]+)(\D+)")


class Section:
    """The keys of a mapping; each method reads one and checks it. Raises ConfigError with section and key."""

    def __init__(self, name: str, tree: Tree) -> None:
        if not isinstance(tree, dict | None):
            raise ConfigError(f"{name or 'the file'}: expected keys with values")
        self._name = name
        self._values: dict[str, Tree] = tree or {}
        self._known: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether there is no key."""
        return not self._values

    def has(self, key: str) -> bool:
        """Whether the key is there, with or without a value."""
        return key in self._values

    def section(self, key: str) -> "Section":
        """Read a mapping; a missing one is empty."""
        return Section(self._path(key), self._read(key))

    def text(self, key: str) -> str:
        """Read a text, '' when there is none."""
        value = self._read(key)
        if isinstance(value, dict | list):
            raise self.error(key, "expected one text")
        return value or ""

    def file(self, key: str) -> str:
        """Read the name of a file, '' when there is none; it is part of messages, which are one line."""
        value = self.text(key)
        if len(value.splitlines()) > 1 or value.endswith("\n"):
            raise self.error(key, "invalid file name: more than one line")
        return value

    def choice(self, key: str, names: Collection[str], default: str) -> str:
        """Read one of a few names."""
        value = self.text(key) or default
        if value not in names:
            raise self.error(key, f"invalid value {value!r}: expected one of {', '.join(names)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Read a boolean."""
        value = self.text(key).lower()
        if value and value not in TRUE | FALSE:
            raise self.error(key, f"invalid value {value!r}: expected true or false")
        return value in TRUE if value else default

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Read a list of texts; None when there is none."""
        value = self._read(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "expected a list of texts")
        return tuple(str(item) for item in value)

    def choices(self, key: str, names: Collection[str]) -> tuple[str, ...]:
        """Read a list of names; () when there is none."""
        values = self.texts(key) or ()
        if unknown := [value for value in values if value not in names]:
            raise self.error(key, f"invalid value {unknown[0]!r}: expected one of {', '.join(names)}")
        return values

    def number(self, key: str) -> int:
        """Read a whole number, 0 when there is none."""
        value = self.text(key) or "0"
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise self.error(key, f"invalid value {value!r}: expected a whole number")
        return int(value)

    def seconds(self, key: str) -> float:
        """Read a duration in Go's form, such as 1m30s; 0 when there is none."""
        value = self.text(key) or "0"
        if value != "0" and not DURATION.fullmatch(value):
            raise self.error(key, f"invalid duration {value!r}: expected 500ms, 1s or 1m30s")
        seconds = sum(float(number) * UNITS[unit] for number, unit in PART.findall(value))
        if seconds > MAX_SECONDS:
            raise self.error(key, "duration out of range (maximum 292 years, as in Go)")
        return seconds

    def mapping(self) -> Mapping[str, str]:
        """Read all keys, each with a text."""
        return {key: self.text(key) for key in self._values}

    def reject_others(self) -> None:
        """Raise ConfigError for the first key that was not read; it names the known ones."""
        for key in self._values:
            if key not in self._known:
                where = f"{self._name}: " if self._name else ""
                raise ConfigError(f"{where}unknown key {key!r}; expected one of {', '.join(self._known)}")

    def error(self, key: str, text: str) -> ConfigError:
        """Return an error about a key."""
        return ConfigError(f"{self._path(key)}: {text}")

    def _path(self, key: str) -> str:
        shown = key if key.isprintable() else repr(key)
        return f"{self._name}.{shown}" if self._name else shown

    def _read(self, key: str) -> Tree:
        self._known.append(key)
        return self._values.get(key)
