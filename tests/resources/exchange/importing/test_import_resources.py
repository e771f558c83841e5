"""What a file says of a resource meets what is here: new, known, blocked, taken down, to be probed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from resources.models import Block, ProbeStatus, Resource
from resources.publishing.prober import prober
from resources.states import State
from resources.torrents import metadata
from teams.models import Token
from teams.roles import Role
from tests import make
from tests.presence import present
from tests.resources.catalog_files import ALL, records_in, rewrite
from tests.resources.exchanges import bring_out, take_in, wipe

pytestmark = pytest.mark.django_db


def test_files_and_the_torrent_come_along(written):
    [mia] = Token.objects.filter(role=Role.TEAM_MEMBER)
    before = present(mia.resources.get().probed_metadata)
    wipe()

    take_in(written)

    assert Token.objects.get(role=Role.TEAM_MEMBER).resources.get().probed_metadata == before
    assert before.info != b""


def test_states_stay_what_they_were(written):
    before = {row.title: row.state for row in Resource.objects.all()}
    wipe()

    take_in(written)

    assert {row.title: row.state for row in Resource.objects.all()} == before
    assert {*before.values()} == {*State} - {State.SCHEDULED}


def test_what_is_here_stays_as_it_is(written):
    Resource.objects.update(title="Mine")

    told = take_in(written)

    assert told["skipped"] == ALL
    assert {*Resource.objects.values_list("title", flat=True)} == {"Mine"}


def test_what_is_here_is_changed_on_demand(written):
    row = Resource.objects.get(title__startswith="'=cmd")
    Resource.objects.filter(pk=row.pk).update(title="Mine", tags=[], supersedes=None)
    before = Catalog.get().revision

    told = take_in(written, "--existing", "update")

    row.refresh_from_db()
    assert (told["updated"], told["skipped"], told["refused"]) == (1, ALL - 1, 0)
    assert (row.tags, present(row.supersedes).title) == (["a|b", "[c", "数据"], "The first")
    assert sorted(row.tag_index.values_list("name", flat=True)) == sorted(row.tags)
    assert Catalog.get().revision == before + 1


def test_what_was_taken_down_here_does_not_come_back(written):
    row = present(Resource.objects.public().first())
    row.take_down(reason="No.", by="olga")

    told = take_in(written, "--existing", "update")

    row.refresh_from_db()
    assert (told["refused"], row.takedown_reason) == (1, "No.")
    assert any("taken down here: " not in line and "taken down here" in line for line in told.lines)


def test_a_takedown_there_is_one_here_on_demand(written):
    row = Resource.objects.taken_down().get()
    row.restore()

    told = take_in(written, "--existing", "update")

    row.refresh_from_db()
    assert (told["updated"], row.takedown_reason) == (1, "Not theirs.")
    assert Block.objects.of_takedowns().covering(row.magnet_hash).exists()


def test_what_was_never_probed_here_gets_its_files(written):
    row = Resource.objects.get(title="The first")
    metadata.forget(row.magnet_hash)
    Resource.objects.filter(pk=row.pk).update(probed_at=None, probe_status=ProbeStatus.TIMEOUT)

    told = take_in(written, "--existing", "update")

    row.refresh_from_db()
    assert (told["updated"], row.is_public, present(row.probed_metadata).name) == (1, True, "work")


def test_blocked_torrents_are_refused(written):
    wipe()
    row = next(each for each in records_in(written) if each.get("title") == "The first")
    blocked = row["magnet_uri"].removeprefix("magnet:?xt=urn:btih:")
    Block.objects.create(info_hash=blocked, reason="No.")

    told = take_in(written)

    assert (told["created"], told["refused"]) == (ALL - 1, 1)
    assert "This torrent is blocked. Lift the block first" in told.lines[0]
    assert "1 was refused; the others are in." in told.error


def test_what_was_taken_down_comes_blocked(written):
    rewrite(written, lambda each: each if each.get("type") != "block" else None)
    wipe()

    take_in(written)

    row = Resource.objects.taken_down().get()
    assert {*Block.objects.values_list("info_hash", "reason", "is_of_takedown")} == {
        (row.magnet_hash, "Not theirs.", True)
    }


def test_a_file_can_not_list_a_torrent_twice(written, tmp_path):
    wipe()
    lines = written.read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if '"The first"' in line)
    lines.insert(at + 1, lines[at].replace("The first", "The same"))
    written.write_text("\n".join(lines))

    told = take_in(written)

    assert (told["created"], told["refused"]) == (ALL, 1)
    assert f"line {at + 2}: refused: It is the same torrent as line {at + 1}." in told.lines[0]


def test_only_what_has_no_files_is_probed_by_one_task(
    written, monkeypatch, django_capture_on_commit_callbacks
):
    wipe()
    asked = []
    monkeypatch.setattr(type(prober()), "enqueue", lambda self, *keys: asked.append(keys) or "1")

    with django_capture_on_commit_callbacks(execute=True):
        take_in(written)

    due = Resource.objects.due_for_probe()
    assert asked == [(present(due.order_by("pk").first()).pk,)]
    assert {row.state for row in due} == {State.DRAFT, State.HELD}


def test_nothing_is_queued_when_nothing_is_to_be_probed(written, monkeypatch):
    rewrite(written, lambda each: each if "magnet_uri" not in each or each["metadata"] else None)
    wipe()
    monkeypatch.setattr(type(prober()), "enqueue", None)

    told = take_in(written)

    assert (told.error, told["created"]) == ("", ALL - 3)


def test_a_cover_is_fetched_from_its_address(written):
    wipe()

    take_in(written)

    row = Resource.objects.due_for_cover().get()
    assert row.cover_image_url == "https://covers.example/a.png"


def test_a_moment_to_come_is_still_to_come(tmp_path):
    row = make.resource(published_at=timezone.now() + timedelta(days=3))
    path = tmp_path / "a.ndjson"
    bring_out(path)
    wipe()

    take_in(path)

    assert Resource.objects.get().published_at == row.published_at
    assert Resource.objects.get().state == State.SCHEDULED


def test_since_when_it_is_public_goes_there_and_back(tmp_path):
    moment = timezone.now() - timedelta(days=3)
    make.resource(title="Held for long", became_public_at=moment)
    file = tmp_path / "catalog.ndjson"
    bring_out(file)
    wipe()

    take_in(file)

    assert Resource.objects.get(title="Held for long").became_public_at == moment


def test_what_was_public_elsewhere_keeps_its_date_and_what_was_not_gets_none(written):
    rewrite(written, lambda record: {k: v for k, v in record.items() if k != "became_public_at"})
    wipe()

    take_in(written)

    for row in Resource.objects.all():
        was_public = row.state in (State.LIVE, State.TAKEN_DOWN)
        assert row.became_public_at == (row.published_at if was_public else None)
