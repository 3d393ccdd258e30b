"""Grafana dashboards as code: `python -m grafana.build` writes grafana/dashboards/*.json."""

import warnings

with warnings.catch_warnings():
    # The SDK warns that its classic model is not the newest; it is the one that all of Grafana 10 to 13 load.
    warnings.simplefilter("ignore", DeprecationWarning)
    # whatever the first panel imports is imported here, for its warnings alone
    import grafana_foundation_sdk.builders.dashboard
    import grafana_foundation_sdk.builders.stat  # noqa: F401
