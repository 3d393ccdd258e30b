"""Remedies for Podman: they are written for Docker."""

from dataclasses import replace

from exporter.core.explain.path import Step
from exporter.core.model.docker import PODMAN, Engine

# no name of a container has a space or a backtick
WORDS = (
    (
        "Restart the Docker Engine: it writes its rules anew",
        "Run `podman network reload --all`: it writes the rules anew",
    ),
    ("`systemctl start docker`", "`systemctl start podman.socket`"),
    ("restart the Docker Engine", "run `podman network reload --all`"),
    ("Restart the Docker Engine", "Run `podman network reload --all`"),
    ("the Docker Engine", "Podman"),
)
COMMAND = "`docker "


def with_commands_of(engine: Engine | None, step: Step) -> Step:
    """Put the engine's commands in the remedy of a step."""
    if engine is None or engine.product != PODMAN:
        return step
    remedy = step.remedy
    for docker, podman in WORDS:
        remedy = remedy.replace(docker, podman)
    remedy = remedy.replace(COMMAND, "`podman ")
    return step if remedy == step.remedy else replace(step, command=remedy)
