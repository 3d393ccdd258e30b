"""Errors of this package, by what follows from them.

DockernetError
├── ConfigError    invalid flag or file: one line for the operator, exit status 2
├── SourceError    a source cannot be read: its families are absent, the rest is served
├── EngineError    no usable answer of the Docker Engine: reconnect
└── RemoteError    no usable answer of the exporter of --url: exit status 3
"""


class DockernetError(Exception):
    """Root of the errors that this package raises."""


class ConfigError(DockernetError):
    """Invalid configuration; the text is one line for the operator."""


class SourceError(DockernetError):
    """A kernel interface could not be read; `reason` is a label value, the text is for the log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class EngineError(DockernetError):
    """The engine did not answer, or rejected the request."""


class RemoteError(DockernetError):
    """A running exporter did not answer as expected; the text is one line for the operator."""
