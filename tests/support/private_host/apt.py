"""Downloads packages of any Debian suite through an apt state of its own; the system's lists stay as they are."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

DEBIAN_SUITES = ("bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
INHERITED = re.compile(r"Acquire::(http|https|Check-Date)\b", re.IGNORECASE)
CONFIGURATION = """\
Dir::State "{folder}";
APT::Update::Error-Mode "any";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
APT::Architecture "{architecture}";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::Check-Valid-Until "false";
{inherited}
"""


class PackageUnavailableError(Exception):
    """A package cannot be had on this machine; the text is the reason, fit for a skipped test."""


def output(*argv: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a packaging program prints; its last error lines when it fails."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env, cwd=cwd)
    except FileNotFoundError as error:
        raise PackageUnavailableError(f"{argv[0]} is not on this machine: not a Debian system") from error
    if done.returncode:
        raise PackageUnavailableError(f"{' '.join(argv[:3])}: {done.stderr.strip()[-400:]}")
    return done.stdout


def archive_uri() -> str:
    """The Debian archive that the machine's own apt sources name."""
    # --print-uris needs neither root nor fetched lists
    uris = output("apt-get", "update", "--print-uris")
    if not (found := re.search(rf"^'(\S+)/dists/(?:{'|'.join(DEBIAN_SUITES)})/InRelease'", uris, re.MULTILINE)):
        raise PackageUnavailableError("the apt sources of this machine name no Debian archive")
    return found[1]


def download(suite: str, names: Sequence[str], folder: Path) -> list[Path]:
    """The packages' files; `folder` is an empty one, which takes the apt state too."""
    environment = {**os.environ, "APT_CONFIG": str(_private_state(suite, folder))}
    output("apt-get", "-qq", "update", env=environment)
    debs = folder / "debs"
    debs.mkdir()
    output("apt-get", "-qq", "download", *names, env=environment, cwd=debs)
    return sorted(debs.glob("*.deb"))


def download_all(suite: str, names: Sequence[str], folder: Path) -> list[Path]:
    """The files of packages and of all that they depend on; `folder` as for `download`."""
    environment = {**os.environ, "APT_CONFIG": str(_private_state(suite, folder))}
    output("apt-get", "-qq", "update", env=environment)
    options = ("-qq", "-y", "--no-install-recommends", "--download-only")
    output("apt-get", *options, "install", *names, env=environment)
    return sorted((folder / "cache/archives").glob("*.deb"))


def _private_state(suite: str, folder: Path) -> Path:
    for empty in ("lists/partial", "cache/archives/partial"):
        (folder / empty).mkdir(parents=True)
    # with an empty status apt does not resolve against what is installed
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {archive_uri()} {suite} main\n")
    # apt.conf.d is switched off for its hooks, but a proxy set there is needed
    inherited = [line for line in output("apt-config", "dump").splitlines() if INHERITED.match(line)]
    configuration = folder / "apt.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            architecture=output("dpkg", "--print-architecture").strip(),
            inherited="\n".join(inherited),
        )
    )
    return configuration
