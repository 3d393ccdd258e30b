"""structlog, for the whole package: no other file imports it by itself.

structlog imports rich for tracebacks where it is installed: 5 MB and 50 ms for what the log does not show. Commands
that print tables import it themselves, later.
"""

import sys
from typing import Any

# An import of a module that is None in this table fails: here until structlog is imported, and only if rich is not yet.
_modules: dict[str, Any] = sys.modules
_hidden = _modules.setdefault("rich", None) is None
import structlog  # noqa: E402

if _hidden:
    del _modules["rich"]

__all__ = ["get_logger", "structlog"]


def get_logger(*, component: str) -> Any:
    """Return the logger of a part of the program."""
    return structlog.get_logger(component=component)
