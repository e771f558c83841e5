"""The catalog goes out and comes in, and is the same."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog, Change
from resources.exchange import importer
from resources.models import Block, Category, ProbeStatus, Resource, findings
from resources.publishing.prober import prober
from resources.states import State
from resources.torrents import metadata
from teams.models import Team, Token
from teams.roles import Role
from teams.token_schemes import Scheme
from tests import make
from tests.presence import present
from tests.resources.exchanges import bring_out, fill, run, state, take_in, wipe

pytestmark = pytest.mark.django_db
ALL = 9
"""Resources that `fill` makes."""


@pytest.fixture
def catalog(tmp_path):
    fill(tmp_path / "seed")


@pytest.fixture
def written(catalog, tmp_path):
    """An export of everything, as a file."""
    path = tmp_path / "catalog.ndjson"
    bring_out(path)
    return path


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def rewrite(path, change):
    """Change the records of a file; those of which nothing is returned are left out."""
    first, *rest = records(path)
    kept = [new for each in rest if (new := change(each)) is not None]
    path.write_text("".join(json.dumps(each) + "\n" for each in [first | {"counts": {}}, *kept]))


# -- there and back


@pytest.mark.parametrize("suffix", ["ndjson", "json"])
def test_there_and_back_gives_the_same_bytes(catalog, tmp_path, suffix):
    path, again = tmp_path / f"catalog.{suffix}", tmp_path / f"again.{suffix}"
    before = bring_out(path)
    wipe()

    told = take_in(path)

    assert (told.error, told["created"], told["refused"]) == ("", ALL, 0)
    assert bring_out(again) == before


def test_json_and_ndjson_hold_the_same_records(catalog, tmp_path):
    ndjson, document = tmp_path / "a.ndjson", tmp_path / "a.json"
    bring_out(ndjson)

    found = json.loads(bring_out(document))

    header, *lines = records(ndjson)
    assert found == header | {"records": lines}


def test_the_same_catalog_gives_the_same_bytes(catalog, tmp_path):
    assert bring_out(tmp_path / "a.ndjson") == bring_out(tmp_path / "b.ndjson")


def test_the_header_counts_what_comes(written):
    header, *lines = records(written)

    counts = dict.fromkeys(("publisher", "team", "category", "block", "resource"), 0)
    for line in lines:
        counts[line["type"]] += 1
    assert header == {"format": "ghost-catalog", "version": 1, "counts": counts}


def test_json_in_any_layout_is_read(catalog, tmp_path):
    path, again = tmp_path / "a.json", tmp_path / "b.json"
    before = bring_out(path)
    found = json.loads(before)
    path.write_text("\ufeff" + json.dumps(found, indent=3, sort_keys=True), encoding="utf-8")
    wipe()

    told = take_in(path)

    assert told.error == ""
    assert bring_out(again) == before


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


def test_tokens_keep_working_and_revoked_ones_stay_revoked(written):
    ada = make.publisher(name="Zed")
    bring_out(written)
    wipe()

    take_in(written)

    assert present(Token.objects.find_usable(ada.raw)).display_name == "Zed"
    assert Token.objects.get(display_name="Ben 公共").revoked_at is not None


def test_keys_are_kept_where_they_are_free(written):
    before = dict(Resource.objects.values_list("magnet_hash", "pk"))
    wipe()
    stranger = make.resource(pk=min(before.values()))

    take_in(written)

    after = dict(Resource.objects.exclude(pk=stranger.pk).values_list("magnet_hash", "pk"))
    moved = {h for h, pk in after.items() if before[h] != pk}
    assert moved == {h for h, pk in before.items() if pk == stranger.pk}


def test_the_next_key_comes_after_those_that_were_brought(written):
    highest = present(Resource.objects.order_by("-pk").first()).pk
    wipe()
    take_in(written)

    row = make.resource()

    assert row.pk > highest


def test_without_tokens_publishers_travel_by_name(catalog, tmp_path):
    path = tmp_path / "a.ndjson"

    bring_out(path, "--without-tokens")

    people = [each for each in records(path) if each.get("type") == "publisher"]
    assert {each["name"] for each in people} >= {"Ada", "Ben 公共"}
    private = ("token_hash", "old_hash", "prefix", "note", "created_at", "last_used_at")
    assert [each for each in people if any(each[name] for name in private)] == []


def test_publishers_without_tokens_are_found_by_name_or_made_without_one(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    bring_out(path, "--without-tokens")
    before = Token.objects.count()
    Resource.objects.update(supersedes=None)
    Resource.objects.all().delete()
    Block.objects.all().delete()

    told = take_in(path)

    assert (told["created"], Token.objects.count()) == (ALL, before)


def test_a_publisher_without_a_token_can_have_one_by_rotating(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    bring_out(path, "--without-tokens")
    wipe()

    take_in(path)

    ada = Token.objects.get(display_name="Ada")
    assert Token.objects.find_usable(ada.rotate()) == ada
    assert ada.resources.count() == ALL - 1


# -- a part of it


def test_a_state_brings_only_what_it_refers_to(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    make.resource(title="Elsewhere", category=make.category("Unused"), is_probed=False)

    bring_out(path, "--state", "taken_down")

    header, *lines = records(path)
    assert header["counts"] == {"publisher": 1, "team": 0, "category": 3, "block": 0, "resource": 1}
    assert lines[-1]["takedown_reason"] == "Not theirs."


def test_a_category_brings_what_lies_below_it(catalog, tmp_path):
    path = tmp_path / "a.ndjson"

    bring_out(path, "--category", "parent-made-later/films/旧片")

    assert records(path)[0]["counts"]["resource"] == ALL - 1


def test_a_member_brings_its_team_and_its_owner(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    other = make.category("Other")
    Resource.objects.filter(team__isnull=False).update(category=other)

    bring_out(path, "--category", "other")
    wipe()

    assert take_in(path).error == ""
    row = Resource.objects.get()
    assert (row.publisher.display_name, present(row.team).owner.display_name) == ("Mia", "Ada")


def test_an_unknown_category_is_told(catalog, tmp_path):
    told = run("export_catalog", tmp_path / "a.ndjson", "--category", "nowhere")

    assert "There is no category “nowhere”" in told.error
    assert list(tmp_path.glob("a.ndjson")) == []


# -- again


@pytest.mark.parametrize("existing", ["skip", "update"])
def test_a_second_time_changes_nothing(written, existing):
    wipe()
    take_in(written)
    before = state()

    told = take_in(written, "--existing", existing)

    assert (told.error, told["skipped"], told["created"], told["updated"]) == ("", ALL, 0, 0)
    assert state() == before


def test_interrupted_and_run_again_it_is_whole(written, tmp_path, monkeypatch):
    before = written.read_bytes()
    wipe()
    monkeypatch.setattr(importer, "AT_ONCE", 4)
    kill_after(monkeypatch, parts=4)
    stopped = take_in(written)
    monkeypatch.undo()
    some = Resource.objects.count()

    told = take_in(written)

    assert "Interrupted" in stopped.error
    assert (0 < some < ALL, told["created"], told["skipped"]) == (True, ALL - some, some)
    assert bring_out(tmp_path / "again.ndjson") == before


def kill_after(monkeypatch, parts):
    left = iter(range(parts))
    whole = importer.Intake._take

    def take(self, *args, **kwargs):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(importer.Intake, "_take", take)


def test_each_part_is_a_transaction_of_its_own(written, monkeypatch):
    wipe()
    seen = []
    whole = importer.Intake._take
    monkeypatch.setattr(importer, "AT_ONCE", 5)
    monkeypatch.setattr(
        importer.Intake,
        "_take",
        lambda self, *args, **kwargs: (
            whole(self, *args, **kwargs),
            seen.append(len(connection.savepoint_ids)),
        )[0],
    )

    take_in(written)

    assert len(seen) > 3
    assert {*seen} == {0}


def test_the_revision_moves_once_for_a_part(written):
    wipe()
    before = Catalog.get().revision

    take_in(written)

    after = Catalog.get().revision
    public = set(Resource.objects.public().values_list("pk", flat=True))
    changed = set(Change.objects.after(before).values_list("resource_id", flat=True))
    assert (after - before, changed) == (3 + 1, public)  # three categories


def test_nothing_public_moves_no_revision(written):
    rewrite(written, lambda each: each | {"published_at": None} if "magnet_uri" in each else each)
    Resource.objects.update(supersedes=None)
    Resource.objects.all().delete()
    Block.objects.all().delete()
    before = Catalog.get().revision

    told = take_in(written)

    assert (told["created"], Catalog.get().revision) == (ALL, before)


def test_who_imported_stands_in_the_audit_trail(written):
    wipe()

    take_in(written)

    events = AuditEvent.objects.filter(action="resource.create")
    assert events.count() == ALL
    assert {*events.values_list("actor_kind", "actor_name")} == {("command", "import_catalog")}
    assert set(AuditEvent.objects.values_list("object_type", flat=True)) == {
        "token", "team", "category", "block", "resource",
    }  # fmt: skip


# -- dry


def test_a_dry_run_writes_nothing_and_says_the_same(written, tmp_path):
    rewrite(written, lambda each: each | {"licence": "None such"} if each.get("tags") else each)
    wipe()
    before = state()

    dry = take_in(written, "--dry-run", "--report", tmp_path / "dry")

    assert state() == before
    assert not metadata.path_of("ab" * 20).parent.exists()
    wet = take_in(written, "--report", tmp_path / "wet")
    assert dry.lines == wet.lines
    assert (dry.error, wet.error) == (
        "1 would be refused.",
        "1 was refused; the others are in.",
    )
    assert without_seconds(dry) == without_seconds(wet)
    assert (tmp_path / "dry").read_text() == (tmp_path / "wet").read_text() != ""


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_dry_run_of_many_parts_says_the_same(written, monkeypatch, at_once):
    monkeypatch.setattr(importer, "AT_ONCE", at_once)
    wipe()

    dry = take_in(written, "--dry-run")

    assert Resource.objects.count() == 0
    assert without_seconds(dry) == without_seconds(take_in(written))


def test_a_dry_update_writes_nothing(written):
    rewrite(written, lambda each: each | {"title": "New"} if "magnet_uri" in each else each)
    before = state()

    told = take_in(written, "--dry-run", "--existing", "update")

    assert (told["updated"], state()) == (ALL - 1, before)


def without_seconds(told):
    return {name: count for name, count in told.counts.items() if name != "seconds"}


# -- what is here already


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
    row = next(each for each in records(written) if each.get("title") == "The first")
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


def test_a_token_that_was_rotated_here_does_not_come_back(written):
    wipe()
    take_in(written)
    ada = Token.objects.get(display_name="Ada")
    Token.objects.filter(pk=ada.pk).update(expires_at=None)
    for _ in range(2):
        Token.objects.get(pk=ada.pk).rotate()
    before = set(Token.objects.values_list("token_hash", flat=True))

    take_in(written)

    assert set(Token.objects.values_list("token_hash", flat=True)) == before


def test_tokens_never_get_more_rights_than_they_have(written):
    def promote(each):
        return (
            each | {"role": "Admin", "revoked_at": None} if each.get("name") == "Ben 公共" else each
        )

    rewrite(written, promote)
    before = list(Token.objects.order_by("pk").values())

    take_in(written)

    assert list(Token.objects.order_by("pk").values()) == before


# -- probes and covers


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


# -- replacing


def test_what_replaces_a_later_line_waits_for_it(written, tmp_path):
    wipe()
    header, *lines = written.read_text().splitlines()
    start, end = (
        at([line[:20] for line in lines], '{"type":"resource","') for at in (first_of, last_of)
    )
    lines[start : end + 1] = reversed(lines[start : end + 1])
    written.write_text("\n".join([header, *lines]))

    told = take_in(written)

    first = Resource.objects.get(title="The first")
    assert (told.error, told["created"], told["mended"]) == ("", ALL, 0)
    assert first.supersedes is not None
    assert Resource.objects.get(title__startswith="'=cmd").supersedes == first


def first_of(lines, start):
    return lines.index(start)


def last_of(lines, start):
    return len(lines) - 1 - lines[::-1].index(start)


def test_what_replaces_something_unknown_comes_without_it(written):
    rewrite(written, lambda each: None if each.get("title") == "The first" else each)
    wipe()

    told = take_in(written)

    assert (told["created"], told["mended"]) == (ALL - 1, 1)
    assert "The release that it replaces is not here" in told.lines[0]


def test_two_that_replace_each_other_come_without_it(written):
    hashes = {}

    def cross(each):
        if "magnet_uri" in each:
            hashes[each["title"]] = each["magnet_uri"][20:60]
            each["supersedes"] = None
        return each

    rewrite(written, cross)
    one, other = list(hashes)[:2]

    def crossed(each):
        to = {one: hashes[other], other: hashes[one]}.get(each.get("title"))
        return each | {"supersedes": to} if to else each

    rewrite(written, crossed)
    wipe()

    told = take_in(written)

    assert (told["created"], told["mended"]) == (ALL, 1), told


# -- streams


def test_standard_output_and_input(catalog, tmp_path, capfdbinary, monkeypatch):
    path = tmp_path / "a.ndjson"
    expected = bring_out(path)

    call_command("export_catalog", "-")

    assert capfdbinary.readouterr().out == expected
    wipe()
    with path.open("rb") as stream:
        monkeypatch.setattr("sys.stdin", type("In", (), {"buffer": stream}))
        told = take_in("-")
    assert (told.error, told["created"]) == ("", ALL)


@pytest.mark.parametrize("name", ["a.ndjson", "a.json", "a.csv"])
def test_a_failed_export_leaves_the_old_file(catalog, tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_text("old")
    monkeypatch.setattr("resources.exchange.catalog.BATCH", 3)
    monkeypatch.setattr(Resource.objects.none().__class__, "in_bulk", broken)

    told = run("export_catalog", path)

    assert "The catalog was not written" in told.error
    assert (path.read_text(), [p.name for p in tmp_path.iterdir() if name in p.name]) == (
        "old",
        [name],
    )


def broken(*_args, **_kwargs):
    raise OSError("disk full")


def test_uploaded_covers_stay_behind_and_are_counted(tmp_path):
    row = make.resource(cover_image_url="https://covers.example/a.png")
    findings.record_cover(row, "assets/covers/x.webp", is_by_hand=True)
    path = tmp_path / "a.ndjson"

    told = run("export_catalog", path)

    assert told["uploaded_covers_left_out"] == 1
    wipe()
    take_in(path)
    assert Resource.objects.due_for_cover().get().cover_uploaded_at is None


def test_an_admin_whom_nobody_can_be_does_not_count_as_one(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    bring_out(path, "--without-tokens")
    wipe()

    take_in(path)

    assert not Token.objects.usable().filter(role=Role.ADMIN).exists()
    assert Token.objects.filter(role=Role.ADMIN).count() == 1


def test_a_folder_can_not_go_to_standard_output(catalog):
    told = run("export_catalog", "-", "--format", "torrents")

    assert "A folder can't go to standard output" in told.error


def test_an_export_is_for_its_owner_alone(written):
    assert written.stat().st_mode & 0o777 == 0o600


def test_a_format_that_can_not_be_told_is_asked_for(catalog, tmp_path):
    told = run("export_catalog", tmp_path / "a.txt")

    assert "Name the format with --format: json, ndjson, csv, torrents." in told.error


@pytest.mark.parametrize("count", [1, 40])
def test_an_export_asks_the_same_few_questions(django_assert_max_num_queries, tmp_path, count):
    for _ in range(count):
        make.resource()

    with django_assert_max_num_queries(20):
        bring_out(tmp_path / "a.ndjson")


@pytest.mark.parametrize("count", [3, 60])
def test_an_import_asks_the_same_questions_for_few_and_many(
    django_assert_max_num_queries, tmp_path, count
):
    for _ in range(count):
        make.resource()
    path = tmp_path / "a.ndjson"
    bring_out(path)
    wipe()

    with django_assert_max_num_queries(75):
        told = take_in(path)

    assert told["created"] == count


def test_teams_and_their_members_come_together(written):
    wipe()

    take_in(written)

    team = Team.objects.get()
    assert (team.name, team.owner.display_name) == ("Archive", "Ada")
    assert [m.display_name for m in team.members.all()] == ["Mia"]
    assert present(Category.objects.get(slug="films").created_by).display_name == "Ada"


def test_tokens_of_the_earlier_ghost_travel_as_they_are(tmp_path):
    token = make.publisher()
    Token.objects.filter(pk=token.pk).update(scheme=Scheme.ARGON2, token_hash="ef" * 32)
    path = tmp_path / "a.ndjson"
    bring_out(path)
    wipe()

    take_in(path)

    assert Token.objects.values_list("scheme", "token_hash").get() == ("argon2", "ef" * 32)


def test_a_moment_to_come_is_still_to_come(tmp_path):
    row = make.resource(published_at=timezone.now() + timedelta(days=3))
    path = tmp_path / "a.ndjson"
    bring_out(path)
    wipe()

    take_in(path)

    assert Resource.objects.get().published_at == row.published_at
    assert Resource.objects.get().state == State.SCHEDULED
