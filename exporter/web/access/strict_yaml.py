"""YAML as dicts, lists and the text that was written: what type a value has to have, its key knows.

YAML 1.1 reads `10:20` as a number and `no` as false; here both stay text. A repeated key is an error, as in the
programs of Prometheus.
"""

import re
from typing import TypeAlias

import yaml

from exporter.errors import ConfigError

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"

QUOTED = re.compile(r" '.*'")  # a piece of the text, which may be a secret
NULLS = {"", "~", "null", "Null", "NULL"}


def parse_yaml(text: bytes) -> Tree:
    """Return the one document of a text, None when there is none; ConfigError with one line, which quotes nothing."""
    try:
        node = yaml.compose(text.decode(), Loader=yaml.SafeLoader)
        return None if node is None else _parse_node(node)
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = QUOTED.sub("", error.problem or "")
        raise ConfigError(f"this is no YAML: {problem}{where}") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise ConfigError("this is no YAML: it has bytes that are no text") from None
    except (ValueError, OverflowError):  # PyYAML lets these through
        raise ConfigError("this is no YAML: it has a number that is no character, or no version") from None
    except RecursionError:
        raise ConfigError("this YAML goes too deep") from None


def _parse_node(node: yaml.Node) -> Tree:
    if isinstance(node, yaml.MappingNode):
        return _parse_mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return [_parse_node(item) for item in node.value]
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value in NULLS else _parse_text(node)


def _parse_text(node: yaml.Node) -> str:
    """An escape may write half of a pair of surrogates, which nothing can encode."""
    text = str(node.value)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ConfigError(f"a text in line {node.start_mark.line + 1} has half a character")
    return text


def _parse_mapping(node: yaml.MappingNode) -> dict[str, Tree]:
    mapping: dict[str, Tree] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"a key in line {line} is no text")
        name = _parse_text(key)
        if name in mapping:
            raise ConfigError(f"the key {name!r} in line {line} is there twice")
        mapping[name] = _parse_node(value)
    return mapping
