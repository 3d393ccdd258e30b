"""What can go wrong, by who has to act.

DockernetError
├── ConfigError    a flag or a file is wrong: the operator corrects it, exit code 2
├── SourceError    one source could not be read: its families are absent, the rest is served
├── EngineError    the Docker Engine is gone, hung or refuses: reconnect
└── RemoteError    a running exporter that is asked by --url does not answer, or not as expected: exit code 3
"""


class DockernetError(Exception):
    """Root of the tree: everything that this package raises on purpose."""


class ConfigError(DockernetError):
    """The configuration cannot work; the text is one line for the operator."""


class SourceError(DockernetError):
    """A kernel interface could not be read; `reason` is a label value, the text is for the log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class EngineError(DockernetError):
    """The engine did not answer: absent, hung, or it refused the request."""


class RemoteError(DockernetError):
    """A running exporter did not answer what it was asked; the text is one line for whoever asked."""
