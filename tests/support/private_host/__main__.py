"""`python -m tests.support.private_host`: a private Docker host for a person, until Ctrl-C."""

import argparse
import signal
import sys

from tests.support.private_host import engines
from tests.support.private_host.host import PrivateHost


def main() -> None:
    """Make a host, say how to reach it, and remove it when interrupted."""
    # A shell starts what it leaves in the background with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m tests.support.private_host", description=__doc__)
    parser.add_argument(
        "--engine", choices=engines.ENGINES, default=engines.DEFAULT, help="the Debian suite it is from"
    )
    parser.add_argument(
        "--flag", action="append", default=[], help="for dockerd, as --flag=--live-restore; may be repeated"
    )
    parser.add_argument("--name", default="host", help="the host's name")
    parser.add_argument("--no-uplink", dest="uplink", action="store_false", help="no uplink and no default route")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        with PrivateHost(options.name, engines.engine(options.engine), options.flag, uplink=options.uplink) as host:
            print(described(host.start().load_image()), flush=True)
            signal.pause()
    except engines.PackageUnavailableError as error:
        sys.exit(f"no such engine on this machine: {error}")
    except KeyboardInterrupt:
        print("closed")


def described(host: PrivateHost) -> str:
    """The lines for the terminal."""
    return (
        f"Docker {host.engine.version} with the image busybox:local, until Ctrl-C\n"
        f"export DOCKER_HOST={host.docker_url}\n"
        f"nsenter -t {host.pid} -n -m -u"
    )


main()
