from __future__ import annotations

import time
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builds.data.body import Body
from builds.data.taxonomy import Taxonomy
from builds.engine import sync
from builds.listings.reader import Reader
from builds.listings.supersession import Supersession
from builds.models import BuildState, EntryRow
from builds.pages import resource
from builds.run import Progress
from resources.models import Resource, findings
from resources.states import ProbeStatus
from tests import make
from tests.builds import exports

pytestmark = pytest.mark.django_db
_builds = count(2)


def page_of(row: Resource) -> str:
    return f"resources/{row.pk}/index.html"


def shown(row: Resource) -> dict[str, object]:
    """What the page of a resource says of others."""
    entry = EntryRow.objects.get(pk=row.pk)
    supersession = Supersession.around([entry.entry])
    params = resource.page(
        entry.entry, Body("", [], 0, []), Taxonomy.from_catalog(), supersession
    ).params
    return {name: params[name] for name in ("replaces", "replaced_by") if name in params}


def told(row: Resource) -> dict[str, str]:
    return {"name": row.title, "address": f"/resources/{row.pk}/"}


def replace(older: Resource, **kwargs) -> Resource:
    return make.resource(supersedes=older, **kwargs)


def changed() -> set[str]:
    """The resources' pages that a delta writes anew or takes away; all is as a full build has it."""
    found = exports.change(next(_builds))
    assert exports.rows() == exports.rows_of_all()[0]
    return {name for name in found.files | found.removed if name.startswith("resources/")}


@pytest.fixture
def pair():
    """An older release, and the newer one that replaces it."""
    older = make.resource(title="Debian 12")
    newer = replace(older, title="Debian 13")
    make.resource(title="Another")
    exports.everything()
    return older, newer


def test_each_page_names_the_other(pair):
    older, newer = pair

    assert (shown(older), shown(newer)) == (
        {"replaced_by": [told(newer)]},
        {"replaces": told(older)},
    )


def test_the_newest_of_several_comes_first(pair):
    older, newer = pair
    early = replace(older, title="Fork", published_at=timezone.now() - timedelta(days=9))
    latest = replace(older, title="Debian 13.1", published_at=timezone.now())

    changed()

    assert shown(older) == {"replaced_by": [told(latest), told(newer), told(early)]}


def test_in_a_chain_each_names_its_neighbours(pair):
    older, newer = pair
    newest = replace(newer, title="Debian 14")

    assert changed() == {page_of(newer), page_of(newest)}
    assert shown(newer) == {"replaces": told(older), "replaced_by": [told(newest)]}


def edit(older: Resource, newer: Resource) -> None:
    newer.title = "Debian 13.0"
    newer.store()


def edit_older(older: Resource, newer: Resource) -> None:
    older.title = "Debian 12.0"
    older.store()


def take_down(older: Resource, newer: Resource) -> None:
    newer.take_down(reason="asked", by="test")


def take_down_older(older: Resource, newer: Resource) -> None:
    older.take_down(reason="asked", by="test")


def withdraw(older: Resource, newer: Resource) -> None:
    newer.published_at = None
    newer.store()


def delete(older: Resource, newer: Resource) -> None:
    withdraw(older, newer)
    newer.discard()


def delete_older(older: Resource, newer: Resource) -> None:
    withdraw(newer, older)
    older.discard()


def let_go(older: Resource, newer: Resource) -> None:
    newer.supersedes = None
    newer.store()


@pytest.mark.parametrize("operation", [edit, edit_older])
def test_another_title_changes_both_pages(pair, operation):
    operation(*pair)

    assert changed() == {page_of(row) for row in pair}


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        (take_down, 0), (withdraw, 0), (delete, 0), (let_go, 0),
        (take_down_older, 1), (delete_older, 1),
    ],
)  # fmt: skip
def test_what_goes_is_named_no_more(pair, operation, left):
    both = {page_of(row) for row in pair}
    stays = Resource.objects.get(pk=pair[left].pk)

    operation(*pair)

    assert changed() == both
    assert shown(stays) == {}


def test_what_comes_back_is_named_again(pair):
    older, newer = pair
    take_down(older, newer)
    changed()

    newer.restore()

    assert changed() == {page_of(older), page_of(newer)}
    assert shown(older) == {"replaced_by": [told(newer)]}


def test_another_older_release_changes_three_pages(pair):
    older, newer = pair
    other = Resource.objects.get(title="Another")
    newer.supersedes = other
    newer.store()

    assert changed() == {page_of(older), page_of(newer), page_of(other)}
    assert (shown(older), shown(other)) == ({}, {"replaced_by": [told(newer)]})


def test_a_scheduled_release_is_named_when_its_hour_has_come(pair):
    older, newer = pair
    coming = replace(older, published_at=timezone.now() + timedelta(seconds=0.5))
    assert changed() == set()

    time.sleep(0.6)

    assert changed() == {page_of(older), page_of(coming)}
    assert shown(older) == {"replaced_by": [told(newer), told(coming)][::-1]}


def test_a_release_is_named_once_it_is_probed(pair):
    older, _newer = pair
    held = replace(older, is_probed=False)
    assert changed() == set()

    findings.record_metadata(held, make.torrent_metadata(held.magnet_hash))

    assert changed() == {page_of(older), page_of(held)}


def test_a_release_is_named_once_it_is_approved(pair):
    older, _newer = pair
    waiting = replace(older, awaits_review=True)
    assert changed() == set()

    Resource.objects.filter(pk=waiting.pk).approve()

    assert changed() == {page_of(older), page_of(waiting)}


def test_lists_mark_what_is_replaced(pair):
    older, newer = pair
    reader = Reader.open(BuildState.get())

    rows = dict(zip(pair, reader.rows([older.pk, newer.pk]), strict=True))

    assert (b'"replaced":true' in rows[older], b'"replaced"' in rows[newer]) == (True, False)


def test_the_index_says_which_replaces_which(pair):
    older, newer = pair

    item = exports.index_items()

    assert [(item[row.pk]["supersedes"], item[row.pk]["superseded_by"]) for row in pair] == [
        (None, [newer.pk]),
        (older.pk, []),
    ]


def test_a_sync_that_dies_between_two_transactions_loses_no_neighbour(pair, monkeypatch):
    """Both change, the newer one lets go of the older and is deleted: nothing tells any more."""
    older, newer = pair
    other, both = Resource.objects.get(title="Another"), {page_of(older), page_of(newer)}
    delete(older, newer)
    edit_older(other, older)
    monkeypatch.setattr(sync, "FIRST_PART_ENTRIES", 1)
    written = 0

    class Dying(Progress):
        def writing(self):
            nonlocal written
            written += 1
            if written == 2:
                raise OSError("killed")
            return super().writing()

    with pytest.raises(OSError, match="killed"):
        sync.sync(Dying(), everything=False)

    assert changed() == both | {page_of(other)}
    assert shown(older) == {}


def test_an_edit_takes_no_more_queries_among_many_successions(pair):
    older, _newer = pair
    counts = []

    for more in (2, 40):
        for _ in range(more):
            other = make.resource(is_probed=False, probe_status=ProbeStatus.SKIPPED)
            replace(other, is_probed=False, probe_status=ProbeStatus.SKIPPED)
        exports.everything()
        with CaptureQueriesContext(connection) as found:
            older.title += "."
            older.store()
            exports.change(next(_builds))
        counts.append(len(found))

    assert counts[1] <= counts[0]
