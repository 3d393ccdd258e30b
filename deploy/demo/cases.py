"""The classic cases, with steady traffic between them."""

from typing import Any

from tests.support.private_host.host import PrivateHost

IMAGE = "busybox:local"
SERVE = "mkdir -p /www && head -c 100000 /dev/zero >/www/file && exec httpd -f -p 80 -h /www"
ASK = "while true; do wget -q -O /dev/null http://web/file; usleep 100000; done"
QUERY = "while true; do head -c 20000 /dev/zero | nc -w 1 db 5432; usleep 500000; done"
ANSWER = "exec nc -ll -p 5432 -e sh -c 'cat >/dev/null'"


def make(host: PrivateHost) -> None:
    """Run them all; they end with the host."""
    client = host.client()
    client.networks.create("shop_front", labels={"com.docker.compose.project": "shop"})
    back = client.networks.create("shop_back", internal=True, labels={"com.docker.compose.project": "shop"})

    def run(name: str, command: str, **options: Any) -> Any:
        labels = {}
        if name.startswith("shop-"):
            service = name.split("-")[1]
            labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": service}
            if options.get("network"):
                options["networking_config"] = {
                    options["network"]: client.api.create_endpoint_config(aliases=[service])
                }
        return client.containers.run(IMAGE, ["sh", "-c", command], name=name, labels=labels, detach=True, **options)

    run("shop-db-1", ANSWER, network="shop_back")
    web = run("shop-web-1", SERVE, network="shop_front", ports={"80/tcp": 8080})
    back.connect(web, aliases=["web"])
    run("shop-client-1", ASK, network="shop_front")
    run("shop-sidecar-1", QUERY, network_mode="container:shop-web-1")
    run("plain", "sleep 100000")
    run("hostmode", "sleep 100000", network_mode="host")
    run("isolated", "sleep 100000", network_mode="none")
