"""Writers at the same moment, on a database that lets several write: nobody waits in a circle."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import OperationalError, connection

from builds.covers import upkeep
from builds.models import Cover
from builds.run import Progress
from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError, RevokedError
from resources.models import Category, DhtStatus, Resource, findings
from teams.models import Team, Token
from tests import make
from tests.presence import present
from tests.threads import Beginning, together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite lets one write at a time by itself"
    ),
]

REFUSALS = (ValidationError, RefusedError, ObjectDoesNotExist)
SECONDS = 3
THREADS = 6


@pytest.fixture
def rows():
    owner = make.publisher()
    team = make.team(owner)
    member = make.member(team)
    return [make.resource(publisher=member, team=team, tags=["film"]).pk for _ in range(4)]


def _edit(rng, pk):
    row = Resource.objects.get(pk=pk)
    row.title, row.category = f"Title {rng.random()}", rng.choice(list(Category.objects.all()))
    row.store()


def _take_down(rng, pk):
    found = Resource.objects.filter(pk__in=rng.sample(sorted(_keys()), 2))
    found.take_down(reason="x", by="y") if rng.random() < 0.5 else found.restore()


def _probe(rng, pk):
    row = Resource.objects.get(pk=pk)
    other = present(Resource.objects.exclude(pk=pk).order_by("?").first())
    half = rng.choice([other.magnet_hash, make.info_hash()]) + "0" * 24
    findings.record_metadata(
        row, make.torrent_metadata(row.magnet_hash, v1=row.magnet_hash, v2=half)
    )


def _check(rng, pk):
    keys = rng.sample(sorted(_keys()), 3)
    make.checked(Resource.objects.filter(pk__in=keys), rng.choice(list(DhtStatus)), misses=1)


def _claim(rng, pk):
    Resource.objects.all().ask_probe()
    claimed = Resource.objects.claim_probes(3, 1)
    Resource.objects.all().renew_claims(claimed, rng.random())


def _cover(rng, pk):
    with Catalog.turn():
        Cover.objects.update_or_create(resource_id=pk, defaults={"digest": "0" * 64})
        findings.record_cover(Resource.objects.get(pk=pk), "x.webp")


def _lose_cover(rng, pk):
    cover = Cover.objects.filter(resource=pk).first()
    if cover:
        upkeep._renew(cover.pk, Progress())


def _rename(rng, pk):
    row = rng.choice([*Token.objects.all(), *Team.objects.all()])
    if isinstance(row, Token):
        row.display_name = f"Name {rng.random()}"
    else:
        row.name = f"Name {rng.random()}"
    row.store()


def _move(rng, pk):
    row = rng.choice(list(Category.objects.all()))
    row.change({"slug": f"slug-{rng.randrange(10**9)}", "sort_order": rng.randrange(9)})


def _create(rng, pk):
    # two at once bring each other's torrents, in either order
    hashes = rng.sample([f"{n:040x}" for n in range(1, 4)], 2)
    publisher, team = Token.objects.filter(scope_team=None).first(), Team.objects.first()
    with Catalog.turn():
        present(publisher).require_usable()
        for each in hashes:
            Resource.objects.filter(magnet_hash=each).delete()
            make.resource(is_probed=False, magnet_uri=make.magnet(each), publisher=publisher)
    assert team is not None


OPERATIONS = [
    _edit, _take_down, _probe, _check, _claim, _cover, _lose_cover, _rename, _move, _create,
]  # fmt: skip


def _keys() -> list[int]:
    return list(Resource.objects.values_list("pk", flat=True))


def test_writers_never_wait_for_each_other_in_a_circle(rows):
    make.category()
    faults: list[Any] = []
    done: list[Any] = []
    least, most = time.monotonic() + SECONDS, time.monotonic() + 120

    def is_enough():
        now = time.monotonic()
        return now > most or (now > least and set(done) == set(OPERATIONS))

    def work(seed):
        rng = random.Random(seed)
        try:
            while not faults and not is_enough():
                operation = rng.choice(OPERATIONS)
                with suppress(*REFUSALS):
                    operation(rng, rng.choice(rows))
                    done.append(operation)
        except OperationalError as error:
            faults.append((operation.__name__, str(error)))

    together(*(partial(work, seed) for seed in range(THREADS)))

    assert faults == []
    assert set(done) == set(OPERATIONS)


def test_a_turn_waits_for_the_one_before():
    order, begun = [], threading.Event()

    def first():
        with Catalog.turn():
            begun.set()
            time.sleep(0.3)
            order.append("first")

    waiting = Beginning(first)
    begun.wait(5)
    with Catalog.turn():
        order.append("second")
    waiting.result()

    assert order == ["first", "second"]


def test_a_revocation_waits_for_the_write_that_has_begun():
    token, category = make.publisher(), make.category()
    begun, may_end = threading.Event(), threading.Event()

    def write():
        with Catalog.turn():
            token.require_usable()
            begun.set()
            may_end.wait(5)
            make.resource(publisher=token, category=category)

    writing = Beginning(write)
    begun.wait(5)
    threading.Timer(0.3, may_end.set).start()
    started = time.monotonic()
    token.revoke()
    writing.result()

    # the write came first, whole, and the revocation waited for it
    assert Resource.objects.filter(publisher=token).count() == 1
    assert time.monotonic() - started > 0.25
    with pytest.raises(RevokedError), Catalog.turn():
        token.require_usable()
