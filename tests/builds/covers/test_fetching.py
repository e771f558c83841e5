"""Covers that are due: fetched, kept, put off; and the hosts that they lie on."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.http import http_date
from django_q.models import OrmQ

from builds import covers, tasks
from builds.covers import fetching, files, localizing
from builds.covers.fetching import host_of
from builds.models import Cover, CoverLease
from builds.run import Progress
from ghost.core import process
from ghost.core.catalog.models import Catalog
from ghost.core.circuits import Circuit, Kind
from ghost.core.io import fetch
from ghost.core.io.files import write_atomic
from resources.models import Resource
from tests import make
from tests.builds.pictures import Pictures, image, opened
from tests.presence import present
from tests.results import said

pytestmark = pytest.mark.django_db

NONE = {"fetched": 0, "failed": 0, "waiting": 0}


class Hook(Progress):
    """Does something whenever it hears of progress."""

    def __init__(self, act):
        self._act = act

    def report(self, done=0, total=0):
        self._act()


def with_cover(address: str, **kwargs) -> Resource:
    return make.resource(cover_image_url=address, **kwargs)


def many_with_covers(addresses: list[str]) -> None:
    """Rows with due covers, by the thousand."""
    like = make.resource()
    now = timezone.now()
    rows = [
        Resource(
            title=f"Row {n}", magnet_uri=make.magnet(), magnet_hash=make.info_hash(),
            category=like.category, publisher=like.publisher, cover_image_url=address,
            cover_due_at=now + timedelta(microseconds=n) - timedelta(minutes=1),
        )
        for n, address in enumerate(addresses)
    ]  # fmt: skip
    Resource.objects.bulk_create(rows)


def make_due() -> None:
    Resource.objects.exclude(cover_image_url=None).update(cover_due_at=timezone.now())


def test_nothing_due_costs_one_query(django_assert_num_queries):
    make.resource()

    with django_assert_num_queries(1):
        counts = covers.localize()
    with django_assert_num_queries(1):
        is_due = covers.due()

    assert (counts, is_due) == (NONE, False)


def test_what_is_due_is_found_by_an_index():
    rows = Resource.objects.due_for_cover().order_by("cover_due_at", "pk")

    plan = rows.values_list("pk", "cover_image_url", "cover_due_at").explain()

    assert connection.vendor != "sqlite" or "USING INDEX resources_cover_due" in plan


def test_a_cover_is_kept_in_two_sizes_and_told_to_the_catalog(pictures):
    row = with_cover(pictures["address"] + "/cover.png")
    before = Catalog.get().revision

    counts = covers.localize()

    row.refresh_from_db()
    cover = Cover.objects.get(resource=row)
    assert counts == {"fetched": 1, "failed": 0, "waiting": 0}
    assert row.cover_image_path == f"assets/covers/{row.pk}.webp"
    assert (str(row.cover_error), row.cover_due_at, row.cover_uploaded_at) == ("", None, None)
    assert (cover.width, cover.height, cover.attempts) == (800, 600, 0)
    assert opened(covers.page_file(cover.digest).read_bytes()).size == (800, 600)
    assert opened(covers.thumb_file(cover.digest).read_bytes()).size == (160, 120)
    assert Catalog.get().revision == before + 1


def test_the_same_image_fetched_again_is_the_same_file(pictures, settings):
    row = with_cover(pictures["address"] + "/cover.png")
    covers.localize()
    first = Cover.objects.get().digest
    names = sorted(path.name for path in settings.GHOST.cover_dir.iterdir())

    make_due()
    covers.localize()

    assert Cover.objects.get(resource=row).digest == first
    assert sorted(path.name for path in settings.GHOST.cover_dir.iterdir()) == names


def test_other_bytes_at_another_address_are_another_cover(pictures):
    row = with_cover(pictures["address"] + "/cover.png")
    covers.localize()
    first = Cover.objects.get().digest
    pictures["/other.png"] = image((400, 400), "PNG", "L")
    row.refresh_from_db()
    row.cover_image_url = pictures["address"] + "/other.png"
    row.store()
    between = Resource.objects.get(pk=row.pk).cover_image_path

    covers.localize()

    cover = Cover.objects.get(resource=row)
    assert between is None  # the old one is not what the publisher wants to be seen
    assert cover.digest != first
    assert (cover.width, cover.height) == (400, 400)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"no image", "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        ((200, {"Content-Type": "image/png"}, b"<html></html>"),
         "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        (404, "The server answered 404."),
        ((200, {"Content-Length": "90000"}, image((9, 9))), None),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(20_000_000))),
         "The server answered in an encoding that was not asked for."),
        (bytes(fetching.MAX_BYTES + 1), "It is larger than 10,000,000 bytes."),
        ("/again", "It redirects more than 5 times."),
        ("ftp://127.0.0.1/cover.png", None),
        ("http://[::bad/", None),
    ],
    ids=["text", "html", "missing", "cut-off", "gzip", "large", "loop", "scheme", "no-address"],
)  # fmt: skip
def test_a_failure_is_noted_and_the_others_come(pictures, answer, error):
    pictures |= {"/again": "/again", "/it": answer}
    failing = with_cover(pictures["address"] + "/it")
    other = with_cover(pictures["address"] + "/cover.png")

    counts = covers.localize()

    failing.refresh_from_db()
    assert counts == {"fetched": 1, "failed": 1, "waiting": 0}
    assert failing.cover_image_path is None
    assert str(failing.cover_error) == error if error else failing.cover_error
    assert (
        timedelta(minutes=59)
        < present(failing.cover_due_at) - timezone.now()
        < timedelta(minutes=61)
    )
    assert Cover.objects.made().get().resource == other


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "text/html"}, {"Content-Type": "x" * 300}, {"Content-Length": "junk"}, {}],
    ids=["html", "long", "no-length", "none"],
)
def test_an_image_is_told_by_its_bytes_alone(pictures, headers):
    pictures["/it"] = (200, headers, image())
    with_cover(pictures["address"] + "/it")

    assert covers.localize() == {"fetched": 1, "failed": 0, "waiting": 0}


def test_more_than_the_length_that_was_said_is_not_read(pictures):
    body = image((64, 64))
    pictures["/it"] = (200, {"Content-Length": str(len(body))}, body + bytes(10_000_000))
    with_cover(pictures["address"] + "/it")

    assert covers.localize() == {"fetched": 1, "failed": 0, "waiting": 0}


def test_a_redirect_to_loopback_is_refused(serve, configure, monkeypatch):
    configure(allow_private_networks=False)
    # One loopback address plays the public internet; the other is what it must not reach.
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.2")
    secret = {"/secret.png": image()}
    inside = serve(secret, handler=Pictures)
    outside = serve({"/cover.png": inside + "/secret.png"}, "127.0.0.2", Pictures)
    row = with_cover(outside + "/cover.png")

    covers.localize()

    row.refresh_from_db()
    assert (
        str(row.cover_error) == "It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS)."
    )
    assert row.cover_image_path is None
    assert "asked" not in secret
    assert not Circuit.objects.exists()  # it was not asked, so nothing is known of it


def test_pauses_between_failures_grow_and_another_address_starts_afresh(pictures):
    row = with_cover(pictures["address"] + "/none")
    pauses = []

    for _ in range(3):
        make_due()
        covers.localize()
        row.refresh_from_db()
        pauses.append(round((present(row.cover_due_at) - timezone.now()) / timedelta(hours=1)))
    row.cover_image_url = pictures["address"] + "/words"
    row.store()
    covers.localize()
    row.refresh_from_db()

    assert pauses == [1, 4, 12]
    assert round((present(row.cover_due_at) - timezone.now()) / timedelta(hours=1)) == 1


def test_a_disk_that_is_full_is_said_and_stops_nothing(pictures, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device", "/secret/place")

    monkeypatch.setattr(files, "write_atomic", full)
    rows = [with_cover(pictures["address"] + "/cover.png") for _ in range(2)]

    counts = covers.localize()

    told = [str(Resource.objects.get(pk=row.pk).cover_error) for row in rows]
    assert counts == {"fetched": 0, "failed": 2, "waiting": 0}
    assert told == ["It can't be kept: No space left on device."] * 2
    assert not Circuit.objects.failing().exists()


# -- meanwhile


def changed(row: Resource) -> None:
    Resource.objects.get(pk=row.pk)
    row.cover_image_url = "http://127.0.0.1:1/other.png"
    row.store()


def cleared(row: Resource) -> None:
    row.cover_image_url = None
    row.store()


def deleted(row: Resource) -> None:
    Resource.objects.filter(pk=row.pk).delete()


def uploaded(row: Resource) -> None:
    covers.upload(row, image((50, 50)), by="Ada")


@pytest.mark.parametrize("path", ["/cover.png", "/none"])
@pytest.mark.parametrize("what", [changed, cleared, deleted, uploaded])
def test_what_is_not_wanted_any_more_when_it_comes_is_not_kept(pictures, what, path):
    row = with_cover(pictures["address"] + path)
    before: list[Any] = []

    def meanwhile():  # called when it has come, before it is kept
        if not before:
            what(row)
            before.append(Resource.objects.filter(pk=row.pk).values().first())

    counts = covers.localize(Hook(meanwhile))

    assert counts == NONE
    assert Resource.objects.filter(pk=row.pk).values().first() == before[0]
    assert [cover.width for cover in Cover.objects.made()] == ([50] if what is uploaded else [])


def test_a_cover_that_comes_after_a_takedown_is_kept_for_a_restore_and_not_told(pictures):
    row = with_cover(pictures["address"] + "/cover.png")
    after = []

    def take_down():
        row.take_down(reason="asked", by="Olga")
        after.append(Catalog.get().revision)

    covers.localize(Hook(take_down))

    row.refresh_from_db()
    assert Catalog.get().revision == after[0]
    assert (row.is_public, row.cover_image_path) == (False, f"assets/covers/{row.pk}.webp")


def test_what_is_taken_down_is_not_fetched(pictures):
    row = with_cover(pictures["address"] + "/cover.png")
    row.take_down(reason="asked", by="Olga")

    counts = covers.localize()

    assert (counts, pictures["asked"], covers.due()) == (NONE, [], False)


@pytest.mark.django_db(transaction=True)  # foreign keys are looked at when a transaction ends
@pytest.mark.parametrize("path", ["/cover.png", "/none"])
def test_a_resource_deleted_while_its_files_are_written_stops_nothing(pictures, monkeypatch, path):
    gone = with_cover(pictures["address"] + path)
    kept = with_cover(pictures["address"] + "/cover.png")
    real = write_atomic
    monkeypatch.setattr(files, "write_atomic", lambda *a: (deleted(gone), real(*a)))

    covers.localize()

    kept.refresh_from_db()
    assert kept.cover_image_path == f"assets/covers/{kept.pk}.webp"
    assert Cover.objects.get().resource == kept


# -- one at a time


def test_two_processes_never_fetch_the_same(pictures):
    with_cover(pictures["address"] + "/cover.png")
    others = []

    counts = covers.localize(Hook(lambda: others.append(covers.localize())))

    assert counts["fetched"] == 1
    assert others[0] == {}
    assert pictures["asked"] == ["/cover.png"]


def test_a_holder_that_died_is_waited_for_no_longer_than_its_lease(pictures):
    with_cover(pictures["address"] + "/cover.png")
    lease = CoverLease.objects.create(
        holder="dead", held_until=timezone.now() + timedelta(minutes=1)
    )
    held = covers.localize()
    lease.held_until = timezone.now() - timedelta(seconds=1)
    lease.save()

    assert (held, covers.localize()["fetched"]) == ({}, 1)


def test_a_holder_of_this_machine_that_is_dead_is_not_waited_for(pictures):
    with_cover(pictures["address"] + "/cover.png")
    until = timezone.now() + timedelta(minutes=1)
    CoverLease.objects.create(holder=f"{process.machine()}:4194303:1#once", held_until=until)

    assert covers.localize()["fetched"] == 1


def test_a_lease_by_a_clock_that_ran_ahead_is_no_lease(pictures):
    with_cover(pictures["address"] + "/cover.png")
    CoverLease.objects.create(holder="ahead", held_until=timezone.now() + timedelta(days=1))

    assert covers.localize()["fetched"] == 1


def test_the_lease_is_given_back_after_a_fault(pictures):
    with_cover(pictures["address"] + "/cover.png")

    def fault():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        covers.localize(Hook(fault))

    assert covers.localize()["fetched"] == 1


# -- hosts


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.ORG./x.png", "example.org"),
        ("https://ada:secret@example.org:443/x", "example.org"),
        ("http://example.org:8080/", "example.org:8080"),
        ("http://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("http://[::bad/", ""),
        ("http://example.org:99999/", ""),
    ],
)
def test_a_host_has_one_spelling(url, host):
    assert host_of(url) == host


def test_a_dead_host_costs_a_few_tries_whatever_lies_on_it(pictures, serve):
    dead: dict[Any, Any] = {"asked": []}
    address = serve(dead, handler=Pictures)
    many_with_covers([f"{address}/{n}.png" for n in range(5000)])
    dead |= {f"/{n}.png": 503 for n in range(5000)}
    quick = with_cover(pictures["address"] + "/cover.png")

    counts = covers.localize()
    again = covers.localize()

    host = Circuit.objects.get()
    tried = len(dead["asked"])
    assert tried <= 4
    assert counts == {"fetched": 1, "failed": tried, "waiting": 5000 - tried}
    assert again == {"fetched": 0, "failed": 0, "waiting": 5000 - tried}
    assert (host.name, host.state, host.waiting) == (host_of(address), "open", 5000 - tried)
    assert str(host.last_error) == "The server answered 503."
    assert Resource.objects.due_for_cover().count() == 5000 - tried
    assert not covers.due()
    assert Resource.objects.get(pk=quick.pk).cover_image_path


def fail_once(address: str) -> Circuit:
    """Let the pause of the host be over, and have it tried again."""
    Circuit.objects.update(open_until=timezone.now() - timedelta(seconds=1))
    covers.localize()
    return Circuit.objects.get(name=host_of(address))


def test_a_host_that_stays_dead_is_tried_once_after_each_pause_and_the_pauses_grow(pictures):
    address = pictures["address"]
    pictures |= {f"/{n}.png": 500 for n in range(40)}
    many_with_covers([f"{address}/{n}.png" for n in range(40)])
    covers.localize()
    pauses, tries = [], []

    for _ in range(9):
        before = len(pictures["asked"])
        host = fail_once(address)
        tries.append(len(pictures["asked"]) - before)
        pauses.append(round((present(host.open_until) - timezone.now()) / timedelta(minutes=5)))

    assert tries == [1] * 9
    assert pauses == [2, 4, 8, 16, 32, 64, 72, 72, 72]


def test_one_success_closes_a_circuit(pictures):
    address = pictures["address"]
    pictures |= {f"/{n}.png": 500 for n in range(10)}
    many_with_covers([f"{address}/{n}.png" for n in range(10)])
    covers.localize()
    tried = len(pictures["asked"])
    pictures |= {f"/{n}.png": image((9, 9)) for n in range(10)}

    host = fail_once(address)

    assert (host.state, host.failures, host.waiting) == ("closed", 0, 0)
    assert Cover.objects.made().count() == 10 - tried
    assert not Resource.objects.due_for_cover().exists()


@pytest.mark.parametrize(("status", "failures"), [(404, 0), (403, 0), (500, 2), (408, 2)])
def test_only_what_says_of_the_host_that_it_is_down_counts_against_it(pictures, status, failures):
    pictures |= {"/1.png": status, "/2.png": status}
    for n in (1, 2):
        with_cover(f"{pictures['address']}/{n}.png")

    covers.localize()

    assert sum(host.failures for host in Circuit.objects.all()) == failures


def test_a_connection_that_is_refused_counts_against_its_host(configure):
    configure(allow_private_networks=True)
    with_cover("http://127.0.0.1:1/cover.png")

    covers.localize()

    host = Circuit.objects.get()
    assert (host.name, host.failures, host.state) == ("127.0.0.1:1", 1, "failing")


@pytest.mark.parametrize("in_words", [True, False], ids=["date", "seconds"])
def test_a_host_that_wants_to_be_left_alone_is_at_once(pictures, in_words):
    wanted = http_date(time.time() + 1200) if in_words else "1200"
    pictures["/it"] = (429, {"Retry-After": wanted}, b"")
    many_with_covers([pictures["address"] + "/it"] * 30)

    counts = covers.localize()

    host = Circuit.objects.get()
    assert len(pictures["asked"]) <= 2
    assert counts["waiting"] >= 28
    assert round((present(host.open_until) - timezone.now()) / timedelta(minutes=1)) == 20


@pytest.mark.parametrize("wanted", ["9" * 18, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_host_can_ask_to_be_left_alone_for_ever(pictures, wanted):
    pictures["/it"] = (503, {"Retry-After": wanted}, b"")
    with_cover(pictures["address"] + "/it")

    covers.localize()

    assert Circuit.objects.get().is_resting
    assert present(Circuit.objects.get().open_until) <= timezone.now() + timedelta(hours=6)


@pytest.mark.parametrize("wanted", ["-1", "soon", "1e9", "9" * 400, "31 Dec 99999 23:59:59"])
def test_a_retry_after_that_says_nothing_is_passed_over(pictures, wanted):
    pictures["/it"] = (503, {"Retry-After": wanted}, b"")
    with_cover(pictures["address"] + "/it")

    covers.localize()

    assert (Circuit.objects.get().failures, Circuit.objects.get().open_until) == (1, None)


def test_a_pause_by_a_clock_that_ran_ahead_is_none():
    Circuit.objects.create(
        kind=Kind.COVER_HOST,
        opened_at=timezone.now(),
        name="x",
        failures=9,
        open_until=timezone.now() + timedelta(days=9),
    )

    assert not Circuit.objects.resting().exists()
    assert Circuit.objects.get().state == "trying"


def test_two_at_most_are_asked_of_a_host_at_once_and_slow_ones_keep_nobody_waiting(pictures, serve):
    now, most, lock = [0], [0], threading.Lock()

    def slowly(server):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.3)
        with lock:
            now[0] -= 1
        server.answer(200, {}, image((9, 9)))

    slow = serve({f"/{n}.png": slowly for n in range(20)}, handler=Pictures)
    many_with_covers([f"{slow}/{n}.png" for n in range(20)])
    quick = with_cover(pictures["address"] + "/cover.png")
    when = []

    covers.localize(
        Hook(lambda: when.append(Resource.objects.get(pk=quick.pk).cover_image_path)), total_s=2
    )

    assert most == [2]
    assert when.index(f"assets/covers/{quick.pk}.webp") <= 4


@pytest.mark.parametrize("where", ["server", "resolver", "drip"])
def test_what_stalls_holds_nobody_and_counts_against_its_host(
    pictures, serve, stall, monkeypatch, where
):
    def never(server):
        if where == "server":
            stall.wait(20)
            return
        server.answer(200, {}, b"x")
        while not stall.wait(0.05):
            server.wfile.write(b"x")

    def look_up(host, *args, **kwargs):
        if host == "stalls.example":
            stall.wait(20)
        return real(host, *args, **kwargs)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(fetching, "GRACE_S", 0.2)
    address = (
        "http://stalls.example"
        if where == "resolver"
        else serve(dict.fromkeys((f"/{n}.png" for n in range(6)), never), handler=Pictures)
    )
    slow = [with_cover(f"{address}/{n}.png") for n in range(6)]
    quick = with_cover(pictures["address"] + "/cover.png")
    began = time.monotonic()

    counts = covers.localize(total_s=1)
    took_s = time.monotonic() - began
    stall.set()

    errors = sorted(str(Resource.objects.get(pk=row.pk).cover_error) for row in slow)
    assert took_s < 4
    assert counts == {"fetched": 1, "failed": 2, "waiting": 0}
    # Two had half of the time each, two what was left of it; the others were not begun.
    assert errors == [""] * 4 + ["No whole answer within 0.5 s."] * 2
    assert Resource.objects.get(pk=quick.pk).cover_image_path
    assert Circuit.objects.get(name=host_of(address)).failures == 2
    assert covers.due()


# -- the task


def test_the_task_says_what_it_did_and_goes_on_later(pictures, monkeypatch):
    monkeypatch.setattr(localizing, "MOST_PER_HOST", 2)
    many_with_covers([pictures["address"] + "/cover.png"] * 3)

    first = said(tasks.localize_covers())
    queued = [task.func() for task in OrmQ.objects.all()]
    second = said(tasks.localize_covers())

    assert (first, second) == ("2 fetched, 0 failed, 0 waiting", "1 fetched, 0 failed, 0 waiting")
    assert queued == ["builds.tasks.localize_covers"]
    assert OrmQ.objects.count() == 1


def test_the_task_leaves_it_to_another_process():
    with_cover("http://127.0.0.1:1/cover.png")
    CoverLease.objects.create(holder="other", held_until=timezone.now() + timedelta(minutes=1))

    told = said(tasks.localize_covers())

    assert (told, OrmQ.objects.count()) == ("another process fetches covers", 0)


def test_a_new_address_wakes_the_task_once_for_a_burst(
    configure, django_capture_on_commit_callbacks
):
    configure(enable_scheduler=True)
    Catalog.objects.update(announced_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        for n in range(3):
            row = make.resource(is_probed=False)
            row.cover_image_url = f"http://127.0.0.1:1/{n}.png"
            row.store()
        make.resource(is_probed=False)

    queued = [task.func() for task in OrmQ.objects.all()]
    assert [name for name in queued if "cover" in name] == ["builds.tasks.localize_covers"]
