"""Timeouts of connection tracking that end an entry at once."""

from pathlib import Path

import pytest

from exporter.kernel.reach.tracking_timeouts import read_untracked


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, {}),
        ({"tcp_timeout_syn_sent": "120", "udp_timeout": "30"}, {}),
        ({"tcp_timeout_syn_sent": "0", "tcp_timeout_established": "0"}, {"tcp": "nf_conntrack_tcp_timeout_syn_sent"}),
        ({"tcp_timeout_time_wait": "0", "tcp_timeout_close": "0"}, {}),
        ({"udp_timeout_stream": "0", "tcp_timeout_syn_sent": "no number"}, {"udp": "nf_conntrack_udp_timeout_stream"}),
    ],
)
def test_settings_of_connections_that_begin_or_last(
    tmp_path: Path, settings: dict[str, str], found: dict[str, str]
) -> None:
    for name, value in settings.items():
        (tmp_path / f"nf_conntrack_{name}").write_text(f"{value}\n")
    assert read_untracked(tmp_path) == found
