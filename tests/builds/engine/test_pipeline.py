from __future__ import annotations

import shutil
import time
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from builds import reasons, run
from builds.engine import incremental, pipeline
from builds.models import Build, BuildState, Due
from builds.pages import lists
from builds.pages import resource as pages
from builds.render import hugo
from builds.tree import check, patches, releases
from ghost.core.catalog.models import Catalog, Change
from ghost.core.errors import OutageError
from ghost.core.text.reasons import words
from resources.models import Block, Resource, findings
from resources.states import ProbeStatus
from resources.torrents import metadata
from teams.roles import Role
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db
FULL = ["covers", "sync", "export", "search", "hugo", "check", "publish"]
DELTA = ["sync", "export", "search", "hugo", "check", "publish"]


def steps(build: Build) -> list[tuple[str, bool | None]]:
    return [(step.name, step.is_ok) for step in build.steps.all()]


def everything(public) -> bytes:
    names = "\n".join(path.relative_to(public).as_posix() for path in public.rglob("*"))
    return names.encode() + b"".join(p.read_bytes() for p in public.rglob("*") if p.is_file())


def test_a_resource_becomes_its_page_and_is_on_every_list(build):
    row = make.resource(
        category=make.category("Films"), title="A film", tags=["Silent"], publisher=make.publisher()
    )

    public = build()

    page = (public / f"resources/{row.pk}/index.html").read_text()
    assert "<h1>A film</h1>" in page
    assert "<p>Some <em>words</em>.</p>" in page
    assert f'href="{row.published_magnet_uri}"' in unescape(page)
    assert "track.flac" in page
    for name in ("", "categories/films/", "tags/silent/", "publishers/ada/"):
        assert f'href="/resources/{row.pk}/"' in (public / name / "index.html").read_text()
    ended = Build.objects.get()
    assert (ended.state, ended.resources, str(ended.error)) == ("done", 1, "")
    assert steps(ended) == [(name, True) for name in FULL]
    assert (ended.is_full, ended.changed) == (True, ended.files)


def test_hostile_words_do_no_harm(build):
    row = make.resource(
        title="<script>alert(1)</script> {{< unknown >}}",
        content_markdown="{{< unknown >}} {{% x %}} <script>alert(2)</script>\n\n"
        "[a](javascript:alert(3)) {{ .Site }} <img src=x onerror=alert(4)>",
        tags=["<b>bold</b>", "{{< x >}}"],
    )  # fmt: skip
    metadata.save(
        make.torrent_metadata(
            row.magnet_hash, files=(metadata.File("<script>alert(5)</script>.txt", 1),)
        )
    )

    public = build()

    page = (public / f"resources/{row.pk}/index.html").read_text()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript' not in page
    assert "{{&lt; unknown &gt;}}" in page
    assert Build.objects.get().set_aside == []


def test_only_what_is_public_is_in_public_files(build):
    shown = make.resource(title="Shown")
    hidden = [
        make.resource(title="Tomorrow", published_at=timezone.now() + timedelta(days=1)),
        make.resource(title="Draft", published_at=None),
        make.resource(title="Unprobed", is_probed=False),
        make.resource(title="Removed"),
    ]
    hidden[-1].take_down(reason="a private reason", by="Olga Operator")

    found = everything(build())

    assert shown.magnet_hash.encode() in found
    for row in hidden:
        assert row.title.encode() not in found
        assert row.magnet_hash.encode() not in found
        assert f"resources/{row.pk}/".encode() not in found


def test_no_private_value_is_in_a_public_file(build, settings, tmp_path):
    owner = make.publisher(name="Ada", note="met her in Rome")
    curator = make.token(Role.ADMIN, name="Carla Curator", note="on holiday")
    operator = User.objects.create_user(
        "oskar-operator", email="oskar@example.net", first_name="Oskar", last_name="Owns-it"
    )
    team = make.team(owner, name="Restorers")
    row = make.resource(
        category=make.category("Films", created_by=curator),
        publisher=owner, team=team, cover_image_url="https://10.1.2.3/private.png",
    )  # fmt: skip
    findings.record_probe_miss(row, ProbeStatus.TIMEOUT, words("nobody at 10.9.8.7 answered"))
    make.resource().take_down(reason="a private reason", by="Olga Operator")
    Block.objects.add([make.info_hash()], reason="a court's order", by=operator.get_username())
    BuildState.fail(
        present(Build.objects.claim(operator.get_username())), words("an error at /srv/secret")
    )

    found = everything(build())

    row.refresh_from_db()
    blocked = Block.objects.values_list("info_hash", flat=True)
    tokens = [value for t in (owner, curator) for value in (t.token_hash, t.raw, t.prefix, t.note)]
    folders = [
        getattr(settings.GHOST, name)
        for name in ("site_workdir", "cover_dir", "magnet_metadata_dir", "magnet_tmp_dir",
                     "backup_dir", "secrets_dir", "db_path")
    ]  # fmt: skip
    for private in (
        *tokens, *blocked, *map(str, folders), row.cover_image_url, "10.1.2.3",
        str(row.cover_error), str(row.probe_error), "10.9.8.7", curator.display_name, "a private reason",
        "a court's order", "Olga", operator.username, operator.email, "Oskar", "Owns-it",
        "/srv/secret", str(tmp_path), str(settings.BASE_DIR),
        settings.SECRET_KEY, settings.TOKEN_PEPPER,
    ):  # fmt: skip
        assert private
        assert private.encode() not in found


def test_a_takedown_leaves_nothing_behind(build):
    row = make.resource(title="Removed", tags=["Lonely"])
    build()
    row.take_down(reason="asked", by="Olga")

    found = everything(build())

    assert b"Removed" not in found
    assert b"lonely" not in found
    assert row.magnet_hash.encode() not in found


def test_an_unchanged_catalog_replaces_nothing(build):
    make.resource()
    before = build().resolve()

    after = build().resolve()

    assert before == after
    assert [b.state for b in Build.objects.all()] == ["unchanged", "done"]
    assert len(list((releases.public().parent / "releases").iterdir())) == 1


def test_one_edit_renders_what_shows_it_and_leaves_the_rest_alone(build, configure):
    configure(site_languages=("en", "zh-hans"))
    row, other = make.resource(title="First", tags=["a"]), make.resource(tags=["b"])
    public = build()
    before, whole = stamps(public), Build.objects.get()
    row.title = "Edited"
    row.store()

    build()

    ended = present(Build.objects.first())
    after = stamps(public)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    pages = {
        folder + name + "index.html"
        for folder in ("", "zh-hans/")
        for name in (
            "", f"resources/{row.pk}/", "tags/a/", "publishers/ada/",
            f"categories/{row.category.slug}/",
        )
    }  # fmt: skip
    feeds = {
        f"feeds/{name}.{ending}"
        for name in ("all", "tags/a", "publishers/ada", f"categories/{row.category.slug}")
        for ending in ("xml", "atom", "json")
    }
    index = {"index/manifest.json", f"index/index-{row.published_at:%Y-%m}.json"}
    assert {name for name in changed if not name.startswith("search/")} == pages | feeds | index
    assert f"resources/{other.pk}/index.html" in after
    assert "Edited" in (public / "zh-hans/tags/a/index.html").read_text()
    assert steps(ended) == [(name, True) for name in DELTA]
    assert (ended.state, ended.is_full, ended.changed) == ("done", False, len(changed))
    assert (ended.pages, ended.files) == (whole.pages, whole.files)
    assert ended.bytes == sum(path.stat().st_size for path in public.rglob("*") if path.is_file())
    assert (ended.release, ended.resources) == (whole.release, 2)


def stamps(public) -> dict[str, int]:
    """Which file lies at each name: another one has another number."""
    return {
        path.relative_to(public).as_posix(): path.stat().st_ino
        for path in public.rglob("*")
        if path.is_file()
    }


def test_what_was_built_is_due_no_more(build):
    make.resource()
    build()
    make.resource()
    build()

    state = BuildState.get()
    assert (Change.objects.after(state.built_revision).count(), Due.objects.count()) == (0, 0)
    assert state.built_revision == state.synced_revision == Catalog.get().revision
    assert state.token == releases.token_of(releases.current())


@pytest.mark.parametrize("harm", ["release", "link", "state", "other tree", "tables"])
def test_a_site_that_cannot_be_trusted_is_built_anew_though_nothing_changed(build, harm):
    make.resource()
    public = build()
    before = everything(public)
    match harm:
        case "release":
            shutil.rmtree(present(releases.current()))
        case "link":
            public.unlink()
        case "state":
            (present(releases.current()) / releases.STATE).write_text("{")
        case "other tree":
            releases.set_token(present(releases.current()), releases.new_token())
        case "tables":
            BuildState.objects.update(token="")

    build()

    assert everything(public) == before
    assert [(b.state, b.is_full) for b in Build.objects.all()] == [("done", True)] * 2
    build()
    assert present(Build.objects.first()).state == "unchanged"


def test_force_builds_an_unchanged_catalog_with_equal_bytes(build):
    make.resource(tags=["a"])
    before = everything(build().resolve())

    public = build(force=True)

    assert everything(public.resolve()) == before
    assert [b.state for b in Build.objects.all()] == ["done", "done"]
    assert len(list((releases.public().parent / "releases").iterdir())) == 2


def test_a_changed_configuration_is_a_change(build, configure):
    build()

    configure(site_title="Another")

    assert b"Another" in (build() / "index.html").read_bytes()


@pytest.mark.parametrize("force", [False, True], ids=["delta", "full"])
def test_a_failing_hugo_leaves_the_last_good_site(build, monkeypatch, configure, force):
    make.resource(title="First")
    good = build()
    state = BuildState.get()
    before = everything(good.resolve())
    make.resource(title="Second")
    # It worked when it was asked.
    monkeypatch.setattr("builds.render.fingerprint.current", lambda: state.fingerprint)
    configure(hugo_bin="/bin/false")

    with pytest.raises(OutageError, match="can't render"):
        build(force=force)

    assert everything(good.resolve()) == before
    after = BuildState.get()
    assert (after.last_build_at, after.built_revision) == (
        state.last_build_at,
        state.built_revision,
    )
    assert after.pending_changes
    assert "can't render" in str(after.last_error)
    failed = present(Build.objects.first())
    assert (failed.state, failed.error) == ("failed", after.last_error)
    names = FULL if force else DELTA
    ran = names[: names.index("hugo")]
    assert steps(failed) == [*((name, True) for name in ran), ("hugo", False)]
    configure(hugo_bin="hugo")
    assert b"Second" in everything(build())
    assert not present(Build.objects.first()).is_full
    assert str(BuildState.get().last_error) == ""


def test_a_hugo_that_is_not_there_stops_before_anything_is_touched(build, configure):
    make.resource(title="First")
    build()
    before = BuildState.get()
    make.resource(title="Second")
    configure(hugo_bin="/bin/false")

    with pytest.raises(OutageError, match="does not work as Hugo"):
        build()

    assert steps(present(Build.objects.first())) == []
    after = BuildState.get()
    assert (after.token, after.synced_revision) == (before.token, before.synced_revision)


def test_output_of_a_failing_hugo_is_kept_without_the_machines_paths(build, configure, tmp_path):
    program = tmp_path / "hugo"
    program.write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo hugo v9 && exit\necho "bad $*"; exit 7\n'
    )
    program.chmod(0o755)
    configure(hugo_bin=str(program))

    with pytest.raises(OutageError):
        build()

    step = present(Build.objects.get().steps.last())
    assert (step.name, step.exit_code) == ("hugo", 7)
    assert "bad --source <site>" in step.output
    assert str(tmp_path) not in step.output + str(Build.objects.get().error)


def test_an_error_of_ours_is_named_without_its_details(build, monkeypatch):
    monkeypatch.setattr(lists, "single", lambda reader: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        build()

    assert str(Build.objects.get().error) == "ZeroDivisionError."


def test_a_time_out_ends_the_rows(build, monkeypatch):
    def stop(*args, **kwargs):
        raise SystemExit(1)

    monkeypatch.setattr(hugo, "render", stop)

    with pytest.raises(SystemExit):
        build()

    failed = Build.objects.get()
    assert (failed.state, present(failed.steps.last()).is_ok) == ("failed", False)
    assert [p.name for p in (releases.public().parent / "releases").iterdir()] == []


@pytest.fixture
def spoil(monkeypatch):
    """`spoil(row)`: the page of that resource can't be rendered from now on, `None` mends it."""
    bad: list[Any] = []
    real = pages.page

    def page(known, *args, **kwargs):
        record = real(known, *args, **kwargs)
        if known.id in bad:
            record.params["magnet"] = "javascript:alert(1)"
        return record

    monkeypatch.setattr("builds.pages.resource.page", page)
    return lambda row: bad.append(row.pk) if row else bad.clear()


def test_a_page_that_cannot_be_rendered_is_set_aside_and_named(build, spoil):
    good, bad = make.resource(title="Good"), make.resource(title="Bad")
    spoil(bad)

    public = build()

    ended = Build.objects.get()
    assert (ended.state, ended.set_aside) == ("done", [f"/resources/{bad.pk}/"])
    assert f"set aside: /resources/{bad.pk}/" in ended.steps.get(name="hugo").text
    assert (public / f"resources/{good.pk}/index.html").exists()
    assert not (public / f"resources/{bad.pk}").exists()
    build()
    assert present(Build.objects.first()).set_aside == [f"/resources/{bad.pk}/"]
    build(force=True)
    assert present(Build.objects.first()).set_aside == [f"/resources/{bad.pk}/"]


def test_a_page_that_can_be_rendered_no_more_is_taken_away_until_it_can(build, spoil):
    row, other = make.resource(title="First", tags=["a"]), make.resource(tags=["a"])
    page = build() / f"resources/{row.pk}/index.html"
    spoil(row)
    row.title = "Second"
    row.store()

    build()

    ended = present(Build.objects.first())
    assert (ended.is_full, ended.set_aside) == (False, [f"/resources/{row.pk}/"])
    assert not page.exists()
    other.title = "Beside it"
    other.store()
    build()  # a page that links to it is no fault
    assert present(Build.objects.first()).set_aside == [f"/resources/{row.pk}/"]
    spoil(None)
    row.title = "Third"
    row.store()
    build()
    assert present(Build.objects.first()).set_aside == []
    assert "Third" in page.read_text()


def test_a_change_during_a_build_stays_pending(build, monkeypatch):
    make.resource()
    real = hugo.render

    def render(*args, **kwargs):
        make.resource(title="Meanwhile")
        real(*args, **kwargs)

    monkeypatch.setattr(hugo, "render", render)

    public = build()

    assert b"Meanwhile" not in everything(public)
    assert BuildState.get().pending_changes
    monkeypatch.undo()
    assert b"Meanwhile" in everything(build())
    assert not present(Build.objects.first()).is_full


def test_a_builder_given_up_for_dead_stops(monkeypatch):
    build = present(Build.objects.claim("test"))
    real = hugo.render

    def render(*args, **kwargs):
        Build.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert Build.objects.claim("other")
        real(*args, **kwargs)

    monkeypatch.setattr(hugo, "render", render)

    with pytest.raises(OutageError, match="no sign of life"):
        pipeline.run(build)

    build.refresh_from_db()
    assert (build.state, build.error) == ("failed", reasons.BUILDER_DIED())
    assert not releases.public().exists()
    assert str(BuildState.get().last_error) == ""


def give_up() -> None:
    """What another builder does with one that fell silent."""
    Build.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    Build.objects.bury_dead()


@pytest.mark.parametrize("force", [False, True], ids=["delta", "full"])
def test_a_builder_given_up_for_dead_at_the_very_end_publishes_nothing(build, monkeypatch, force):
    make.resource(title="First")
    good = build()
    before = everything(good)
    make.resource(title="Second")
    stale = present(Build.objects.claim("stale"))
    module, function = (releases, "set_token") if force else (patches, "seal")
    real = getattr(module, function)

    def last(*args):  # the last thing before the tree counts
        found = real(*args)
        give_up()
        return found

    monkeypatch.setattr(module, function, last)
    with pytest.raises(OutageError, match="no sign of life"):
        pipeline.run(stale, force=force)
    monkeypatch.undo()

    stale.refresh_from_db()
    assert (stale.state, stale.error) == ("failed", reasons.BUILDER_DIED())
    assert everything(good) == before
    assert BuildState.get().pending_changes
    assert b"Second" in everything(build())


def test_a_stale_builder_cannot_replace_the_site_of_the_one_that_took_over(build, monkeypatch):
    make.resource(title="Only")
    stale = present(Build.objects.claim("stale"))
    told: list[Any] = []
    real = check.require_files

    def require_files(*args):
        found = real(*args)
        if not told:
            told.append("the next builder comes, builds and publishes")
            give_up()
            told.append(build().resolve())
        return found

    monkeypatch.setattr(check, "require_files", require_files)

    with pytest.raises(OutageError):
        pipeline.run(stale)

    assert releases.public().resolve() == told[1]
    assert (releases.public() / "index.html").is_file()
    assert len(list((releases.public().parent / "releases").iterdir())) == 1
    assert BuildState.get().token == releases.token_of(releases.current())


def test_an_unchanged_build_that_was_given_up_for_dead_does_not_say_it_is_done(build, monkeypatch):
    build()
    stale = present(Build.objects.claim("stale"))
    real = check.require_patch

    def require_patch(*args):
        give_up()
        return real(*args)

    monkeypatch.setattr(check, "require_patch", require_patch)

    with pytest.raises(OutageError, match="no sign of life"):
        pipeline.run(stale)


class Killed(BaseException):
    """The builder is gone in the middle of a line."""


def killed(build, monkeypatch, **kwargs) -> None:
    """Build until a function that was replaced before kills the builder; somebody notices."""
    monkeypatch.setattr(BuildState, "fail", lambda build, error: False)  # the dead write nothing
    with pytest.raises(Killed):
        build(**kwargs)
    monkeypatch.undo()
    assert Build.objects.running().exists()
    assert BuildState.get().pending_changes
    Build.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("swapped", [False, True], ids=["before the swap", "after the swap"])
@pytest.mark.django_db(transaction=True)
def test_a_builder_killed_at_the_swap_leaves_a_state_that_the_next_build_mends(
    build, monkeypatch, swapped
):
    make.resource(title="First")
    build()
    make.resource(title="Second")
    real = releases.swap_to

    def swap(folder):
        if swapped:
            real(folder)
        raise Killed

    monkeypatch.setattr(releases, "swap_to", swap)
    killed(build, monkeypatch, force=True)
    assert (b"Second" in (releases.public() / "index.html").read_bytes()) == swapped

    public = build()

    assert b"Second" in (public / "index.html").read_bytes()
    assert present(Build.objects.first()).state == "done"
    assert not BuildState.get().pending_changes


@pytest.mark.parametrize("function", ["seal", "store", "apply", "succeed"])
@pytest.mark.django_db(transaction=True)
def test_a_builder_killed_in_a_delta_leaves_a_tree_that_the_next_build_finishes(
    build, monkeypatch, function
):
    row = make.resource(title="First")
    public = build()
    row.title = "Second"
    row.store()
    before = everything(public)
    where = {"seal": patches, "store": incremental, "apply": patches, "succeed": BuildState}[
        function
    ]
    real = getattr(where, function)

    def die(*args):
        if function in ("seal", "store"):
            real(*args)
        raise Killed

    monkeypatch.setattr(where, function, die)
    killed(build, monkeypatch)
    assert (everything(public) == before) == (function != "succeed")

    build()

    ended = present(Build.objects.first())
    assert (ended.state, ended.is_full) == (
        "done" if function in ("seal", "store") else "unchanged", False,
    )  # fmt: skip
    after = everything(public)
    assert b"Second" in after
    assert not BuildState.get().pending_changes
    assert everything(build(force=True)) == after


def no_space(*args):
    raise OSError(28, "No space left on device")


def test_a_failed_swap_leaves_a_failed_build_without_a_release(build, monkeypatch):
    monkeypatch.setattr(releases, "swap_to", no_space)

    with pytest.raises(OSError, match="No space left"):
        build()

    failed = Build.objects.get()
    assert (failed.state, failed.release) == ("failed", "")
    assert BuildState.get().built_revision == -1


def test_a_merge_that_fails_is_finished_by_the_next_build(build, monkeypatch):
    row = make.resource(title="First")
    public = build()
    row.title = "Second"
    row.store()
    monkeypatch.setattr(patches, "_drop_empty", no_space)
    monkeypatch.setattr(patches, "set_token", no_space)  # all is merged but for the last word
    with pytest.raises(OSError, match="No space left"):
        build()
    monkeypatch.undo()
    failed = present(Build.objects.first())
    assert (failed.state, failed.release, failed.token) == ("failed", "", "")

    build()

    ended = present(Build.objects.first())
    assert (ended.state, ended.is_full) == ("unchanged", False)
    assert b"Second" in everything(public)
    assert not BuildState.get().pending_changes


def test_a_resource_whose_hour_came_is_not_passed_over_by_the_build_of_another_change(build):
    late = make.resource(title="Late", published_at=timezone.now() + timedelta(days=1))
    build()
    # The clock moves: its hour comes, and another change is built before anyone notes it.
    past = timezone.now() - timedelta(hours=2)
    BuildState.objects.update(built_as_of=past, synced_as_of=past)
    Resource.objects.filter(pk=late.pk).update(published_at=past + timedelta(hours=1))
    make.resource(title="Another")

    found = everything(build())

    assert b"Late" in found
    assert not present(Build.objects.first()).is_full


def test_a_damaged_metadata_file_costs_its_tree_alone(build):
    row = make.resource(title="Damaged")
    metadata.path_of(row.magnet_hash).write_text("{}")

    page = (build() / f"resources/{row.pk}/index.html").read_text()

    assert "Damaged" in page
    assert "track.flac" not in page


def test_a_long_list_of_files_is_cut(build):
    row = make.resource()
    files = tuple(metadata.File(f"work/{number:04}.txt", 1) for number in range(2100))
    deep = metadata.File("/".join("d" * 50), 5)
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, files=(*files, deep)))

    page = (build() / f"resources/{row.pk}/index.html").read_text()

    assert "1999.txt" in page
    assert "2000.txt" not in page
    assert "101 more files" in page


@pytest.mark.django_db(transaction=True)
def test_a_slow_step_keeps_its_claim(build, monkeypatch):
    monkeypatch.setattr(run, "RENEW_EVERY_S", 0.01)
    leases: list[Any] = []
    real = hugo.render

    def render(*args, **kwargs):
        for _ in range(2):
            leases.append(Build.objects.get().lease_until)
            time.sleep(0.2)
        real(*args, **kwargs)

    monkeypatch.setattr(hugo, "render", render)

    build()

    assert leases[0] < leases[1]
    assert Build.objects.get().state == "done"
