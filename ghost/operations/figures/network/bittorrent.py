"""libtorrent, and the DHT as the workers see it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from dht.models import NodeCount
from ghost.core.errors import OutageError
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status
from ghost.operations.figures.machines.hosts import living_workers
from resources.publishing.prober import prober

LIBTORRENT_FACT = "libtorrent"
"""In a worker's heartbeat: why it can't be loaded there, or an empty text."""
COUNT_HOLDS = timedelta(hours=1)
"""The nodes are counted every few minutes: an older count says nothing of today."""


def libtorrent(moment: Moment) -> Item:
    """Bad, if this process or a worker's host can't load it."""
    if settings.GHOST.magnet_metadata_backend == "mock":
        return Item(
            "libtorrent", Status.DEGRADED, sentences.MOCK_IS_ON(), sentences.USE_LIBTORRENT()
        )
    living = moment.once(living_workers)
    told = {row.host: str(row.facts.get(LIBTORRENT_FACT, "")) for row in living}
    lacking = sorted(host for host, error in told.items() if error)
    try:
        prober().require()
    except OutageError as error:
        return Item(
            "libtorrent", Status.DOWN, sentences.NOT_LOADED_HERE(), sentences.INSTALL_LIBTORRENT(),
            last_error=error.reason,
        )  # fmt: skip
    if lacking:
        reason = sentences.NOT_LOADED_ON(names=sentences.listed(lacking))
        return Item("libtorrent", Status.DOWN, reason, sentences.INSTALL_LIBTORRENT())
    return Item("libtorrent", Status.OK, sentences.LOADED())


def dht(moment: Moment) -> Item:
    """Bad, if the last who looked found no node that answers."""
    rows = [row for row in NodeCount.objects.all() if moment.now - row.counted_at < COUNT_HOLDS]
    plain = [
        {
            "host": row.host,
            "nodes": row.nodes,
            "counted_at": row.counted_at,
            "last_error": row.error,
        }
        for row in rows
    ]
    if not rows:
        return Item("dht", Status.UNKNOWN, sentences.NOTHING_SEEN())
    nodes = sum(row.nodes for row in rows)
    if nodes:
        return Item(
            "dht", Status.OK, sentences.NODES(number=nodes), counts={"nodes": nodes}, rows=plain
        )
    return Item(
        "dht", Status.DEGRADED, sentences.NO_NODES(), sentences.OPEN_NETWORK(), {"nodes": 0},
        last_error=rows[0].error, since=min(row.without_since or row.counted_at for row in rows),
        rows=plain,
    )  # fmt: skip
