"""Make a release in dist/ and check it: `make release`."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.release.clean_install import CheckFailedError, CleanInstall
from exporter import __version__

REPOSITORY = Path(__file__).parents[2]
DIST = REPOSITORY / "dist"
TOOLS = Path(sys.executable).parent
SBOM, CHECKSUMS = f"dockernet-exporter-{__version__}.cdx.json", "SHA256SUMS"


def main() -> int:
    """Build and check; exit code 1 if anything fails."""
    if changes := git("status", "--porcelain"):
        print(f"release: not committed:\n{changes}", file=sys.stderr)
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    try:
        release()
    except (subprocess.CalledProcessError, CheckFailedError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(*(file.relative_to(REPOSITORY) for file in sorted(DIST.iterdir())), sep="\n")
    return 0


def release() -> None:
    """Write wheel, sdist, SBOM and checksums; the wheel is built from the sdist, by the locked hatchling."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST)
    run(TOOLS / "twine", "check", "--strict", *DIST.iterdir())
    with tempfile.TemporaryDirectory(prefix="dockernet-release-") as folder:
        install = CleanInstall(Path(folder))
        install.install(REPOSITORY / "requirements.lock", DIST, __version__)
        install.check(__version__)
        write_sbom(install.python)
    write_checksums()


def run(*argv: str | Path) -> None:
    """Run a command in the checkout and show what it prints."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": source_date()}
    subprocess.run(argv, check=True, cwd=REPOSITORY, env=environment)


def git(*arguments: str) -> str:
    """What a git command prints; nothing outside of a repository, as in an unpacked sdist."""
    argv = ("git", "-C", str(REPOSITORY), *arguments)
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


def source_date() -> str:
    """The time of the last commit, so that two builds of it are equal; outside of git that of pyproject.toml."""
    return git("log", "-1", "--format=%ct") or str(int((REPOSITORY / "pyproject.toml").stat().st_mtime))


def write_sbom(python: Path) -> None:
    """List what an installation consists of, as CycloneDX JSON; --short-PURLs leaves out where it came from."""
    options = ("--pyproject", REPOSITORY / "pyproject.toml", "--output-reproducible", "--short-PURLs", "--validate")
    run(TOOLS / "cyclonedx-py", "environment", *options, "--output-file", DIST / SBOM, python)


def write_checksums() -> None:
    """For `sha256sum --check SHA256SUMS`."""
    files = sorted(DIST.iterdir())
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (DIST / CHECKSUMS).write_text("".join(lines))


if __name__ == "__main__":
    sys.exit(main())
