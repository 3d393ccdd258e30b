"""Settings of devices that no netlink message has (ip-sysctl), of the reading thread's namespace."""

from pathlib import Path

CONF, NEIGH = Path("/proc/sys/net/ipv4/conf"), Path("/proc/sys/net/ipv4/neigh")
NEVER_FOR_SOME = 3  # of arp_ignore: addresses of scope host; 8: all


def answers_arp(name: str, conf: Path = CONF) -> bool:
    """Whether ARP requests for each address of a device are answered; values below 3 restrict that to the device's.

    The kernel takes the larger value of `all` and of the device (linux/inetdevice.h: IN_DEV_ARP_IGNORE).
    """
    return arp_ignore(name, conf) < NEVER_FOR_SOME


def arp_ignore(name: str, conf: Path = CONF) -> int:
    """Return the setting of a device, or of `all`; from 1 on requests for a device's own addresses alone count."""
    try:
        return int((conf / name / "arp_ignore").read_text())
    except FileNotFoundError:
        return 0


def routes_loopback(name: str, conf: Path = CONF) -> bool:
    """Whether a device, or `all`, routes addresses of the loopback's network."""
    try:
        return bool(int((conf / name / "route_localnet").read_text()))
    except FileNotFoundError:
        return True


def sends_arp_requests(name: str, folder: Path = NEIGH) -> bool:
    """Whether a device sends requests of ARP for addresses that it does not know."""
    try:
        return any(int((folder / name / setting).read_text()) for setting in ("mcast_solicit", "app_solicit"))
    except FileNotFoundError:
        return True
