"""Readings while connections begin and end: no value goes down, and at the end each byte was counted once."""

import threading

from exporter.core.connections.ledger import ConnectionLedger
from exporter.core.connections.pair import Pair
from exporter.core.connections.reading import Counts
from exporter.kernel.connections.counter import ConnectionCounter
from exporter.kernel.connections.programs import read_host
from tests.support.builders import inventory, network, run
from tests.support.kernel.own_namespace import inode
from tests.support.kernel.tcp_traffic import CLIENT, SERVER, SUBNET, connected, exchange, listening
from tests.support.kernel.tcp_traffic import Pair as Spaces
from tests.support.waiting import until

CONNECTIONS, REQUEST, REPLY = 200, 3000, 70
WEB_DB = Pair("web", "db", "container", "8080", "client")


def test_no_sum_goes_down_while_connections_end(attached: ConnectionCounter, spaces: Spaces) -> None:
    ledger = ConnectionLedger(read_host().netns_cookie, 3600)
    web, db = run("web", network="front", ip=CLIENT), run("db", network="front", ip=SERVER)
    ledger.update_inventory(inventory(network("front", bridge="br-front", subnet=SUBNET), web, db))
    namespaces = {inode(spaces.client): web.id, inode(spaces.server): db.id}
    now = 1000.0

    def work() -> None:
        with listening(spaces.server, SERVER, 8080) as server:
            for _ in range(CONNECTIONS):
                with connected(spaces.client, server) as ends:
                    exchange(*ends, REQUEST, REPLY)

    def read() -> Counts:
        nonlocal now
        now += 1
        ledger.count(attached.read(), namespaces, frozenset(), now, now)
        sums = ledger.report(older_counted=True).pairs.get(WEB_DB)
        return sums.counts if sums else Counts()

    traffic = threading.Thread(target=work)
    traffic.start()
    last, readings = Counts(), 0
    while traffic.is_alive():
        found, readings = read(), readings + 1
        assert all(new >= old for new, old in zip(found, last, strict=True))
        last = found
    traffic.join()
    until(lambda: read().ended == CONNECTIONS, 10, "the last end")
    total = read()
    assert (total.established, total.sent, total.received) == (
        CONNECTIONS,
        CONNECTIONS * REQUEST,
        CONNECTIONS * REPLY,
    )
    assert readings > 10
