"""`python -m exporter` is `dockernet-exporter`."""

from exporter.cli import main

main()
