"""The command line in this process."""

import sys

import pytest

from exporter.cli.main import main


def run_main(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a run that ends by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dockernet-exporter", *words])
        with pytest.raises(SystemExit) as ended:
            main()
    streams = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, streams.out, streams.err
