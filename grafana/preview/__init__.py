"""Pictures of the dashboards: a Prometheus with a made-up history, drawn with Grafana's own component library."""
