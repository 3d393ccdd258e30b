"""`python -m exporter` is `dockernet-exporter`."""

from exporter.cli.main import main

main()
