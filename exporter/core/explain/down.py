"""A container that is down: in which state, how its last life ended, and what starts it."""

from exporter.core.explain.code import EngineWords
from exporter.core.model.container_details import Details
from exporter.core.model.docker import Container

RESTARTING = "restarting"  # of a container's state


def how_down(container: Container) -> str:
    """Return the state, and what the engine reports of the last life, or why the last start failed."""
    details = container.details or Details()
    memory = ", out of memory" if details.oom_killed else ""
    code = f", with exit code {details.exit_code}" if details.exit_code else ""
    error = f": {details.error}" if details.error else ""
    return f"{container.state}{memory}{code}{error}"


def start_command(words: EngineWords, container: Container) -> str:
    """Return the remedy; what ended with an error ends so again."""
    if (container.details or Details()).error:  # it never ran: it has no log
        return f"Fix the cause and run `{words.cli} start {container.name}`."
    start, logs = f"`{words.cli} start {container.name}`", f"`{words.cli} logs {container.name}`"
    if container.state == RESTARTING:
        return f"Run {logs} and fix the cause: it ends after each start."
    failed = container.details is not None and container.details.exit_code
    return f"Run {logs}, fix the cause and run {start}." if failed else f"Run {start}."
