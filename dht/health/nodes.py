"""Whether the DHT answers this worker: asked, since nodes that can't be reached stay in its table."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta

from django.utils import timezone

from dht import reasons
from dht.engine import session
from dht.engine.reachability import Reachability
from dht.models import NodeCount
from ghost.core.errors import OutageError
from ghost.core.jobs import shutdown
from ghost.core.text.reasons import NONE

FRESH = timedelta(seconds=45)
"""A good count of another worker of this host is taken for so long, a bad one never: who counts every minute
tells of a network that is gone within two."""
ANSWER_WITHIN_S = 5.0
TRIES = 2


def is_count_due() -> bool:
    """Whether this worker should count: it has a session already, or nobody has counted well."""
    last = NodeCount.objects.here().first()
    is_good = last is not None and last.nodes > 0 and timezone.now() - last.counted_at < FRESH
    return session.is_open() or not is_good


def count() -> int:
    """Ask the DHT for anything, and write down how many nodes there are; 0 if none answers.

    It is asked TRIES times: a session that was just made may need its time.
    """
    try:
        nodes = next(filter(None, map(_answering, range(TRIES))), 0)
        NodeCount.objects.note(nodes, NONE if nodes else reasons.NO_DHT())
    except OutageError as error:
        nodes = 0
        NodeCount.objects.note(0, error.reason)
    return nodes


def _answering(attempt: int) -> int:
    if attempt and shutdown.is_asked():
        return 0
    ours = session.session()
    if not ours.has_nodes(session.NODES_PATIENCE_S):
        return 0
    before = ours.packets()
    ours.look_up(secrets.token_hex(20))
    reachability, deadline = Reachability(ours, 0), time.monotonic() + ANSWER_WITHIN_S
    while not (answers := reachability.has_answered_since(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    ours.events(0)  # nobody waits for that look-up
    return ours.num_nodes() if answers else 0
