"""The demo: its works, its covers, its accounts, and the script that publishes them."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import urllib.request
from io import BytesIO

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from ghost.core.jobs import queue
from ghost.demo import accounts, contents, covers, pictures, works
from ghost.demo.place import Place
from ghost.demo.publisher import ApiError, Publisher
from ghost.demo.seeds import Version
from ghost.demo.swarm import LoopbackSwarm
from ghost.management.commands import demo
from resources.models import Category, DhtStatus, Resource
from teams.models import Token
from tests import make
from tests.presence import present
from tests.swarm import make_seeds


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    root = tmp_path_factory.mktemp("works") / "content"
    return root, works.seed_all(root)


@pytest.fixture(scope="module")
def drawn(seeds):
    folder = seeds[0].parent / "covers"
    works.draw_covers(folder)
    return folder


@pytest.fixture
def place(configure):
    return Place(port=configure(port=20_000 + os.getpid() % 20_000).port)


@pytest.fixture
def same_handlers():
    """The command takes over the signals of its process."""
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_there_are_a_dozen_live_works_of_all_kinds_and_two_dead(seeds):
    _, made = seeds

    assert (len(made), len(works.WORKS)) == (12, 14)
    assert {(seed.version, len(seed.files) > 1) for seed in made.values()} == {
        (version, is_folder) for version in Version for is_folder in (False, True)
    } - {(Version.HYBRID, False)}
    assert sum(seed.total_size_bytes for seed in made.values()) < 3_000_000


def test_a_second_start_shares_the_same_torrents(seeds, monkeypatch):
    root, made = seeds
    monkeypatch.setattr(contents, "LICENCE", "another text")

    again = works.seed_all(root)

    assert {n: s.magnet_uri for n, s in again.items()} == {n: s.magnet_uri for n, s in made.items()}


def test_another_folder_gives_the_same_torrents(seeds, tmp_path):
    _, made = seeds

    elsewhere = works.seed_all(tmp_path)

    assert {n: (s.v1, s.v2) for n, s in elsewhere.items()} == {
        n: (s.v1, s.v2) for n, s in made.items()
    }


def test_a_start_that_was_cut_off_is_made_good(seeds, tmp_path):
    root, made = seeds
    shutil.copytree(root, tmp_path / "copy")
    shutil.move(tmp_path / "copy" / "3", tmp_path / "copy" / ".3.draft")

    again = works.seed_all(tmp_path / "copy")

    assert [s.v1 for s in again.values()] == [s.v1 for s in made.values()]


@pytest.mark.django_db
def test_every_work_passes_the_catalogs_gate(seeds):
    _, made = seeds
    category, publisher = make.category(), make.publisher()

    for work in works.WORKS:
        uri = made[work.name].magnet_uri if work.make else work.dead_magnet_uri
        row = Resource(
            title=work.title, magnet_uri=uri, content_markdown=work.words,
            tags=list(work.tags), category=category, publisher=publisher,
        )  # fmt: skip
        row.store()
        assert (row.title, row.tags, row.magnet_uri) == (work.title, list(work.tags), uri)


def test_categories_are_two_or_three_levels_deep():
    assert {len(work.category) for work in works.WORKS} == {2, 3}


def test_covers_are_pictures_and_each_is_different(drawn):
    bodies = [path.read_bytes() for path in sorted(drawn.iterdir())]

    assert len(set(bodies)) == len(works.WORKS)
    assert {Image.open(BytesIO(body)).size for body in bodies} == {pictures.COVER_SIZE}


def test_a_cover_is_drawn_the_same_again():
    work = works.WORKS[0]

    first, second = (pictures.cover(work.motif, work.palette, 1) for _ in range(2))

    assert first == second


def test_covers_are_served_and_nothing_else(place, tmp_path):
    (tmp_path / "covers").mkdir()
    (tmp_path / "covers" / "a.png").write_bytes(b"a cover")
    (tmp_path / "secret").write_bytes(b"x")

    with covers.serving(place, tmp_path / "covers") as url:
        body = urllib.request.urlopen(url + "a.png", timeout=120).read()
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url + "../secret", timeout=120)

    caught.value.close()
    assert (body, caught.value.code) == (b"a cover", 404)


@pytest.mark.django_db
def test_accounts_are_made_once(configure, tmp_path, django_user_model):
    configure(secrets_dir=tmp_path)

    first, second = accounts.ensure(), accounts.ensure()

    assert first == second
    assert stat.S_IMODE(accounts.path().stat().st_mode) == 0o600
    assert django_user_model.objects.get().check_password(first.password)
    assert [t.role for t in Token.objects.order_by("pk")] == ["Admin", "Publisher", "Publisher"]


@pytest.mark.django_db
def test_accounts_take_a_given_password(configure, tmp_path, django_user_model):
    configure(secrets_dir=tmp_path)
    accounts.ensure()

    accounts.ensure("another one")

    assert django_user_model.objects.get().check_password("another one")


@pytest.mark.django_db
def test_a_revoked_token_is_replaced(configure, tmp_path):
    configure(secrets_dir=tmp_path)
    before = accounts.ensure()
    present(Token.objects.find_usable(before.publisher_tokens["Open Shelf"])).revoke()

    after = accounts.ensure()

    assert after.publisher_tokens["Open Shelf"] != before.publisher_tokens["Open Shelf"]
    assert after.publisher_tokens["Signal Garden"] == before.publisher_tokens["Signal Garden"]


@pytest.mark.django_db(transaction=True)
def test_the_script_publishes_over_http_and_nothing_twice(live_server):
    script = Publisher(f"{live_server.url}/", make.publisher().raw)
    work = {
        "title": "A work",
        "magnet_uri": make.magnet(),
        "category_id": script.category(("Texts", "Poetry", "中文")),
    }

    published = [script.publish(work), script.publish(work)]

    assert published == [True, False]
    assert script.category(("Texts", "Poetry", "中文")) == work["category_id"]
    assert list(Category.objects.values_list("name", flat=True).order_by("pk")) == [
        "Texts", "Poetry", "中文",
    ]  # fmt: skip
    assert Resource.objects.get().title == "A work"


@pytest.mark.django_db(transaction=True)
def test_the_script_reports_what_the_api_refuses(live_server):
    script = Publisher(f"{live_server.url}/", make.publisher().raw)

    with pytest.raises(ApiError) as caught:
        script.publish({"title": ""})

    assert caught.value.status == 422


def test_the_command_keeps_out_of_a_real_database(same_handlers):
    with pytest.raises(CommandError, match="data of its own"):
        call_command("demo")


@pytest.mark.django_db
def test_the_command_gives_up_without_a_web_server(place, drawn, same_handlers, configure):
    configure(db_path=Place().folder / "db" / "ghost.db")

    with pytest.raises(CommandError, match="gave up waiting for the web server"):
        call_command("demo", works=drawn.parent, patience=0.1)


def test_seeders_that_leave_are_named_no_more(tmp_path):
    left, kept = made = make_seeds(tmp_path, 2)
    network = f"127.{128 + os.getpid() % 60}"

    with LoopbackSwarm(made, network=network, number_of_nodes=9) as swarm:
        swarm.leave({left.magnet_uri})
        named = swarm.peers_of([*left.dht_keys, *kept.dht_keys])

    assert [key for key, peers in named.items() if not peers] == list(left.dht_keys)


@pytest.mark.parametrize(
    ("published", "words"),
    [(14, "14 works published; probing"), (0, "Continuing with 14 works …")],
)
def test_the_command_says_whether_it_begins_or_continues(published, words):
    assert demo._begun(published).startswith(words)


@pytest.mark.django_db
@pytest.mark.parametrize("scans", [0, 1, 2])
def test_the_command_scans_until_it_is_known_that_seeders_left(monkeypatch, place, scans):
    row, asked = make.resource(), []
    left = Resource.objects.filter(pk=row.pk)
    make.checked(left, DhtStatus.ACTIVE if scans else DhtStatus.STALE, misses=0)

    def scan(task, *, kind, is_all):
        asked.append(task)
        is_last = len(asked) == scans
        make.checked(left, DhtStatus.STALE if is_last else DhtStatus.ACTIVE, misses=len(asked))

    monkeypatch.setattr(queue, "enqueue", scan)

    told = demo.Command()._notice(place, {row.magnet_uri})

    assert (len(asked), told) == (
        scans,
        f"Its seeders left, and a scan noticed: {place.url}rescue/",
    )


@pytest.mark.django_db
def test_the_command_waits_for_a_scan_only_so_long(monkeypatch, place):
    monkeypatch.setattr(demo, "NOTICED_WITHIN_S", 0)
    row = make.resource()
    make.checked(Resource.objects.filter(pk=row.pk), DhtStatus.ACTIVE, misses=0)

    told = demo.Command()._notice(place, {row.magnet_uri})

    assert told == "No health scan noticed yet that a work's seeders left."
