"""HTML by pure functions; everything that comes from outside is escaped."""

from html import escape

STYLE_PATH = "/static/style.css"


def landing_page(version: str, telemetry_path: str) -> str:
    """Return the page at /: what this is, and where the metrics are."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dockernet-exporter</title>
<link rel="stylesheet" href="{STYLE_PATH}">
</head>
<body>
<main>
<h1>dockernet-exporter</h1>
<p>What Docker's networking really does on this host, for Prometheus. Version {escape(version)}.</p>
<ul>
<li><a href="{escape(telemetry_path)}">Metrics</a>: text or OpenMetrics, as asked for</li>
<li><a href="/-/healthy">Health</a>: the process answers</li>
<li><a href="/-/ready">Readiness</a>: the first look at the engine is done</li>
</ul>
</main>
</body>
</html>
"""
