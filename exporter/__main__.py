"""The program: `dockernet-exporter`, and `python -m exporter`."""

import signal


def main() -> None:
    """Run the command line. Ctrl-C while modules are imported ends the process without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from exporter.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
