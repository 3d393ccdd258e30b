"""Where this machine's pip fetches from, for a pip in another root."""

import ast
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.support.private_host.apt import output

OPTION: Final = re.compile(r"^(?:global|install|:env:)\.(?P<name>[\w-]+)=(?P<value>.*)$", re.MULTILINE)
# Options of pip that say where packages come from; folders of this machine are not among them.
SOURCES: Final = ("cert", "default-timeout", "extra-index-url", "index-url", "proxy", "timeout", "trusted-host")
CERTIFICATES: Final = "etc/pip-certificates.pem"


def pip_sources(root: Path) -> dict[str, str]:
    """Environment variables for a pip in `root`, to which the certificates that pip trusts are copied."""
    found = pip_environment(output(sys.executable, "-m", "pip", "config", "list"))
    if certificates_file := found.get("PIP_CERT"):
        # not below /etc/ssl, which the package ca-certificates writes anew
        shutil.copyfile(certificates_file, root / CERTIFICATES)
        found["PIP_CERT"] = f"/{CERTIFICATES}"
    return found


def pip_environment(listing: str) -> dict[str, str]:
    """Where pip fetches from, as environment variables; `listing` is what `pip config list` prints."""
    found = {option["name"]: str(ast.literal_eval(option["value"])) for option in OPTION.finditer(listing)}
    return {f"PIP_{name.upper().replace('-', '_')}": found[name] for name in SOURCES if name in found}
