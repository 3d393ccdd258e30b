"""A private Docker host with the classic cases, the exporter on it and a Prometheus that scrapes it."""
