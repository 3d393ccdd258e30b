"""Rules of iptables-legacy, by getsockopt(2)."""
