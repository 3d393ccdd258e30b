"""What keeps contributions right: the workflow, the hooks, the templates and the gate of coverage."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.locks import REPOSITORY, pyproject
from tests.support.pip_sources import pip_environment

GITHUB = REPOSITORY / ".github"
HOOKS = REPOSITORY / ".pre-commit-config.yaml"
PYTHON = "Programming Language :: Python :: "
TOOLS = Path(sys.executable).parent


def steps() -> list[dict[str, Any]]:
    """All steps of all jobs of the workflow."""
    jobs = yaml.safe_load((GITHUB / "workflows/ci.yml").read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_the_workflow_tests_the_python_versions_of_the_classifiers() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows/ci.yml").read_text())
    classifiers = pyproject()["project"]["classifiers"]
    versions = [line.removeprefix(PYTHON) for line in classifiers if line.startswith(PYTHON)]
    assert workflow["jobs"]["fast"]["strategy"]["matrix"]["python"] == versions


def test_the_workflow_runs_the_checks_and_actions_by_major_version() -> None:
    commands = [step["run"] for step in steps() if "run" in step]
    assert {"make check coverage", ".ci/run"} <= {*commands}
    assert [
        step["uses"] for step in steps() if not re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/x@v1"))
    ] == []


@pytest.mark.parametrize(
    "template", ["ISSUE_TEMPLATE/bug.yml", "ISSUE_TEMPLATE/feature.yml", "PULL_REQUEST_TEMPLATE.md"]
)
def test_a_template_asks_for_the_output_of_check_and_versions(template: str) -> None:
    text = (GITHUB / template).read_text()
    assert "dockernet-exporter check --output json" in text
    assert re.search("version", text, re.IGNORECASE)


def test_a_hook_fetches_nothing() -> None:
    config = yaml.safe_load(HOOKS.read_text())
    assert {repository["repo"] for repository in config["repos"]} == {"local"}
    assert {hook["language"] for repository in config["repos"] for hook in repository["hooks"]} == {"system"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository with the hooks and the tools of this one."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name in (HOOKS.name, "pyproject.toml"):
        (tmp_path / name).write_text((REPOSITORY / name).read_text())
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(TOOLS)
    return tmp_path


def failing_hooks(repository: Path) -> set[str]:
    """The hooks that do not accept what is staged."""
    subprocess.run(["git", "-C", repository, "add", "--all"], check=True)
    argv = (TOOLS / "pre-commit", "run", "--color=never")
    done = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^- hook id: (\S+)$", done.stdout, re.MULTILINE))
    assert bool(failed) == bool(done.returncode), done.stdout + done.stderr
    return failed


@pytest.mark.parametrize(
    ("name", "content", "hooks"),
    [
        ("right.py", '"""A module."""\n\nANSWER = 42\n', set()),
        ("layout.py", '"""A module."""\n\nANSWER=42\n', {"ruff-format"}),
        ("lint.py", '"""A module."""\n\nimport os\n', {"ruff-check"}),
        ("spelling.md", "The recieved bytes.\n", {"codespell"}),  # codespell:ignore recieved
        ("end.md", "No line feed at the end", {"end-of-file"}),
        ("large.bin", "\0" * 600_000, {"large-files"}),
    ],
)
def test_a_hook_stops_what_it_is_for(repository: Path, name: str, content: str, hooks: set[str]) -> None:
    (repository / ".gitignore").write_text(".venv\n")
    (repository / name).write_text(content)
    assert failing_hooks(repository) == hooks


def coverage_report(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """What `coverage report` says of a measurement, by the configuration of this repository."""
    argv = (str(TOOLS / "coverage"), "report", f"--rcfile={REPOSITORY}/pyproject.toml", *options)
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


def test_the_gate_of_coverage_fails_below_it(tmp_path: Path) -> None:
    core = tmp_path / "exporter/core"
    core.mkdir(parents=True)
    (core / "half.py").write_text("import sys\nif len(sys.argv) > 1:\n    print(1)\n    print(2)\n")
    options = (f"--rcfile={REPOSITORY}/pyproject.toml", "--source=exporter")
    subprocess.run([TOOLS / "coverage", "run", *options, core / "half.py"], cwd=tmp_path, check=True)
    (of_makefile,) = re.findall(
        r"coverage report (.* --fail-under .*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE
    )
    whole, of_core = coverage_report(tmp_path), coverage_report(tmp_path, *of_makefile.replace('"', "").split())
    gate = pyproject()["tool"]["coverage"]["report"]["fail_under"]
    assert gate >= 90
    assert f"total of 50.0 is less than fail-under={gate}" in whole.stderr + whole.stdout
    assert "total of 50.0 is less than fail-under=90" in of_core.stderr + of_core.stdout
    assert (whole.returncode, of_core.returncode) == (2, 2)


def test_the_bare_debian_is_told_where_pip_fetches_from_and_no_folder_of_this_machine() -> None:
    listing = (
        ":env:.find-links='/srv/wheels'\n"
        "global.index-url='https://mirror.example/simple'\n"
        ":env:.timeout='15'\n"
        "global.cert='/srv/ca.pem'\n"
    )
    assert pip_environment(listing) == {
        "PIP_CERT": "/srv/ca.pem",
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "PIP_TIMEOUT": "15",
    }
