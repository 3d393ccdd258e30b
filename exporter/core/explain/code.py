"""The shape of a code, and how its remedy is worded for an engine."""

from msgspec import Struct

from exporter.core.model.docker import PODMAN, Engine


class EngineWords(Struct, frozen=True):
    """What remedies call an engine: its command, what starts it and what makes it write its firewall rules anew.

    `network` is the one that every host has.
    """

    cli: str
    start: str
    rewrite: str
    network: str


DOCKER_WORDS = EngineWords("docker", "systemctl start docker", "restart the Docker Engine", "bridge")
PODMAN_WORDS = EngineWords("podman", "systemctl start podman.socket", "run `podman network reload --all`", "podman")


class Names(Struct, frozen=True):
    """What a remedy is about; the defaults stand for what the reader has to insert."""

    container: str = "NAME"
    pid: str = "PID"
    network: str = "NETWORK"


PLACEHOLDERS = Names()


class Code(Struct, frozen=True):
    """`cause` is a sentence; `kinds` are the findings that state the same fault.

    `template` is the remedy, with the fields of `EngineWords` and `Names` in braces.
    """

    cause: str
    template: str
    kinds: tuple[str, ...] = ()

    def remedy(self, words: EngineWords = DOCKER_WORDS, names: Names = PLACEHOLDERS) -> str:
        """Return what to do, in the words of an engine."""
        return self.template.format(
            cli=words.cli,
            start=words.start,
            rewrite=words.rewrite,
            container=names.container,
            pid=names.pid,
            network=names.network,
        )


def words_of(engine: Engine | None) -> EngineWords:
    """Return the words of an engine; those of Docker where it is not known."""
    return PODMAN_WORDS if engine is not None and engine.product == PODMAN else DOCKER_WORDS
