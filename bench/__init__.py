"""Benchmarks: what the exporter costs, each figure beside a floor or a rival that was measured in the same run."""
