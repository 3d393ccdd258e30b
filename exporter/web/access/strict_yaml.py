"""YAML as dicts, lists and the text that was written: each key determines the type of its value.

YAML 1.1 reads `10:20` as a number and `no` as false; here both stay text. A repeated key is an error, as in the
programs of Prometheus.
"""

import re
from collections.abc import Hashable
from typing import Any, TypeAlias

import yaml
from yaml.constructor import ConstructorError

from exporter.errors import ConfigError

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"

QUOTED = re.compile(r" '.*'")  # a piece of the text, which may be a secret
NULL = "tag:yaml.org,2002:null"


class TextLoader(yaml.BaseLoader):
    """BaseLoader, which leaves every scalar a text, with null, without repeated keys and without half characters."""

    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        """Return the text. An escape may write half of a surrogate pair, which nothing can encode."""
        text = str(super().construct_scalar(node))
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ConstructorError(None, None, "invalid Unicode escape", node.start_mark)
        return text

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """Return the mapping; each key is a text and stands there once."""
        keys: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConstructorError(None, None, "a key is not a text", key.start_mark)
            if key.value in keys:
                raise ConstructorError(None, None, f"repeated key {key.value!r}", key.start_mark)
            keys.add(key.value)
        return {self.construct_scalar(key): self.construct_object(value, deep) for key, value in node.value}


TextLoader.add_implicit_resolver(NULL, re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
TextLoader.add_constructor(NULL, lambda *_: None)


def parse_yaml(text: bytes) -> Tree:
    """Return the only document of a text, None if it is empty. Raises ConfigError with one line, without secrets."""
    try:
        tree: Tree = yaml.load(text.decode(), Loader=TextLoader)  # noqa: S506  it constructs text only
    except ConstructorError as error:
        raise ConfigError(f"invalid YAML: {error.problem}{_line(error)}") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"invalid YAML: {QUOTED.sub(' ...', error.problem or '')}{_line(error)}") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise ConfigError("invalid YAML: bytes that are not text") from None
    except (ValueError, OverflowError):  # PyYAML lets these through
        raise ConfigError("invalid YAML: a number is not a character, or not a version") from None
    except RecursionError:
        raise ConfigError("invalid YAML: nested too deep") from None
    return tree


def _line(error: yaml.MarkedYAMLError) -> str:
    return f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
