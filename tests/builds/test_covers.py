from __future__ import annotations

import io
import socket
import struct
import threading
import time
import zlib
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from django.utils import timezone
from PIL import Image

from builds import covers
from builds.models import Cover
from ghost import fetch
from ghost.errors import RefusedError
from tests import make


def image(size=(1200, 900), kind="PNG", mode="RGB", colour="#cc3300", **options) -> bytes:
    body = io.BytesIO()
    Image.new(mode, size, colour).save(body, kind, **options)
    return body.getvalue()


def bomb(side=60_000) -> bytes:
    """A PNG of 3.6 billion pixels in a few bytes."""

    def part(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header)
        + part(b"IDAT", zlib.compress(bytes(1000))) + part(b"IEND", b"")
    )  # fmt: skip


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_make_writes_two_sizes_of_webp(kind):
    picture = covers.make(image(kind=kind))

    page, thumb = opened(picture.page), opened(picture.thumb)
    assert (page.format, page.size) == ("WEBP", (800, 600))
    assert (thumb.format, thumb.size) == ("WEBP", (160, 120))
    assert (picture.width, picture.height) == (800, 600)


def test_make_leaves_small_images_small():
    assert opened(covers.make(image((30, 20))).page).size == (30, 20)


def test_make_turns_upright_and_drops_metadata():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "a camera"

    page = opened(covers.make(image(kind="JPEG", exif=exif, comment=b"secret")).page)

    assert page.size == (600, 800)
    assert dict(page.getexif()) == {}
    assert set(page.info) <= {"loop", "background", "timestamp", "duration"}


def test_make_keeps_transparency():
    assert opened(covers.make(image(mode="RGBA", colour="#cc330080")).page).mode == "RGBA"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        (b"<svg onload='x'/>", "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        (image(kind="TIFF"), "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        (bomb(), "It has more than 40 million pixels."),
        (image((8000, 6000)), "It has more than 40 million pixels."),
        (image()[:200], "The image can't be decoded (OSError)."),
    ],
    ids=["empty", "svg", "tiff", "bomb", "large", "cut"],
)
def test_make_refuses_what_is_no_cover(body, told):
    with pytest.raises(RefusedError) as refused:
        covers.make(body)

    assert str(refused.value) == told


class Pictures(BaseHTTPRequestHandler):
    def __init__(self, *args, directory, **kwargs):
        self.bodies = directory
        super().__init__(*args, **kwargs)

    def do_GET(self):
        answer = self.bodies.get(self.path)
        if isinstance(answer, str):
            self.send_response(302)
            self.send_header("Location", answer)
            self.end_headers()
            return
        self.send_response(200 if answer else 404)
        self.end_headers()
        self.wfile.write(answer or b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def pictures(serve, configure):
    configure(allow_private_networks=True)
    bodies = {"/cover.png": image(), "/words": b"no image"}
    bodies["address"] = serve(bodies, handler=Pictures)
    return bodies


def test_a_cover_is_published_without_its_address(build, pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")

    public = build()

    row.refresh_from_db()
    assert row.cover_image_path == f"assets/covers/{row.pk}.webp"
    assert (row.cover_error, row.cover_due_at) == ("", None)
    assert opened((public / row.cover_image_path).read_bytes()).size == (800, 600)
    assert opened((public / f"assets/covers/{row.pk}-thumb.webp").read_bytes()).size == (160, 120)
    page = (public / f"resources/{row.pk}/index.html").read_text()
    assert f'src="/assets/covers/{row.pk}.webp"' in page
    assert f'src="/assets/covers/{row.pk}-thumb.webp"' in (public / "index.html").read_text()
    everything = b"".join(path.read_bytes() for path in public.rglob("*") if path.is_file())
    assert pictures["address"].encode() not in everything


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/words", "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        ("/none", "The server answered 404."),
    ],
)
def test_a_failure_is_noted_and_does_not_stop_the_build(build, pictures, path, error):
    row = make.resource(cover_image_url=pictures["address"] + path)

    public = build()

    row.refresh_from_db()
    assert (public / f"resources/{row.pk}/index.html").exists()
    assert (row.cover_image_path, row.cover_error) == (None, error)
    assert timedelta(minutes=59) < row.cover_due_at - timezone.now() < timedelta(minutes=61)


def test_a_redirect_to_loopback_is_refused(build, serve, configure, monkeypatch):
    configure(allow_private_networks=False)
    # One loopback address plays the public internet; the other is what it must not reach.
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.2")
    inside = serve({"/secret.png": image()}, handler=Pictures)
    outside = serve({"/cover.png": inside + "/secret.png"}, "127.0.0.2", Pictures)
    row = make.resource(cover_image_url=outside + "/cover.png")

    public = build()

    row.refresh_from_db()
    assert row.cover_error == "It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS)."
    assert row.cover_image_path is None
    assert not (public / "assets" / "covers").exists()
    assert (public / f"resources/{row.pk}/index.html").exists()


@pytest.mark.django_db
def test_pauses_between_failures_grow_and_another_address_starts_afresh(pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/none")
    pauses = []

    for _ in range(3):
        type(row).objects.update(cover_due_at=timezone.now())
        covers.localize()
        row.refresh_from_db()
        pauses.append(round((row.cover_due_at - timezone.now()) / timedelta(hours=1)))
    row.cover_image_url = pictures["address"] + "/words"
    row.store()
    covers.localize()
    row.refresh_from_db()

    assert pauses == [1, 4, 12]
    assert round((row.cover_due_at - timezone.now()) / timedelta(hours=1)) == 1


def test_other_bytes_at_a_new_address_reach_the_site(build, pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    before = (build() / f"assets/covers/{row.pk}.webp").read_bytes()
    pictures["/other.png"] = image((400, 400), "PNG", "L")
    row.refresh_from_db()
    row.cover_image_url = pictures["address"] + "/other.png"
    row.store()

    public = build()

    after = (public / f"assets/covers/{row.pk}.webp").read_bytes()
    assert (opened(before).size, opened(after).size) == ((800, 600), (400, 400))
    assert 'width="400" height="400"' in (public / f"resources/{row.pk}/index.html").read_text()


def test_a_cover_that_is_cleared_goes_from_site_and_disk(build, pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    build()
    row.refresh_from_db()
    row.cover_image_url = None
    row.store()

    public = build()

    assert not (public / "assets" / "covers").exists()
    assert not covers.are_there(row.pk)
    assert not Cover.objects.exists()


def test_a_cover_whose_file_is_lost_is_left_out(build, pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    build()
    covers.thumb_file(row.pk).unlink()

    public = build()

    assert not (public / "assets" / "covers").exists()


@pytest.mark.django_db
def test_a_cover_cleared_while_it_was_fetched_is_not_kept(pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")

    def clear():  # called when a cover has come, before it is kept
        row.cover_image_url = None
        row.store()

    counts = covers.localize(beat=clear)

    row.refresh_from_db()
    assert counts == {"fetched": 0, "failed": 0}
    assert row.cover_image_path is None
    assert not covers.are_there(row.pk)


@pytest.mark.django_db(transaction=True)  # foreign keys are looked at when a transaction ends
@pytest.mark.parametrize("path", ["/cover.png", "/none"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_resource_deleted_while_its_cover_came_does_not_stop_the_others(
    pictures, monkeypatch, path, moment
):
    gone = make.resource(cover_image_url=pictures["address"] + path)
    kept = make.resource(cover_image_url=pictures["address"] + "/cover.png")

    def delete(*args):
        type(gone).objects.filter(pk=gone.pk).delete()

    if moment == "after":  # its row was looked at, its files are just being written
        real = covers.write_atomic
        monkeypatch.setattr(covers, "write_atomic", lambda *a: (delete(), real(*a)))

    covers.localize(beat=delete if moment == "before" else lambda: None)
    covers.localize()

    kept.refresh_from_db()
    assert kept.cover_image_path == f"assets/covers/{kept.pk}.webp"
    assert Cover.objects.get().resource == kept
    assert not covers.page_file(gone.pk).exists()
    assert not covers.thumb_file(gone.pk).exists()


def test_files_of_resources_that_are_gone_are_removed(build, pictures, settings):
    url = pictures["address"] + "/cover.png"
    rows = [make.resource(cover_image_url=url) for _ in range(3)]
    build()
    gone, hidden, shown = rows
    type(gone).objects.filter(pk=gone.pk).delete()
    hidden.refresh_from_db()
    hidden.take_down(reason="asked", by="Olga")
    (settings.GHOST.cover_dir / "not-ours.webp").write_text("by hand")

    public = build()

    names = {path.name for path in settings.GHOST.cover_dir.iterdir()}
    kept = {f"{row.pk}{size}.webp" for row in (hidden, shown) for size in ("", "-thumb")}
    assert names == kept | {"not-ours.webp"}
    published = {path.name for path in (public / "assets" / "covers").iterdir()}
    assert published == {f"{shown.pk}.webp", f"{shown.pk}-thumb.webp"}


@pytest.fixture
def stall():
    """An event on which something of the test waits; it is set when the test is over."""
    over = threading.Event()
    yield over
    over.set()


@pytest.mark.parametrize("where", ["server", "resolver"])
def test_what_stalls_holds_a_build_no_longer_than_wanted(
    build, pictures, serve, stall, monkeypatch, where
):
    class Stalls(Pictures):
        def do_GET(self):
            stall.wait(20)

    def look_up(host, *args, **kwargs):
        if host == "stalls.example":
            stall.wait(20)
        return real(host, *args, **kwargs)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(covers, "TOTAL_S", 1)
    address = serve({}, handler=Stalls) if where == "server" else "http://stalls.example"
    slow = [make.resource(cover_image_url=f"{address}/{n}.png") for n in range(6)]
    quick = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    began = time.monotonic()

    covers.localize()
    took_s = time.monotonic() - began
    stall.set()
    public = build()

    assert took_s < 5
    assert all((public / f"resources/{row.pk}/index.html").is_file() for row in [*slow, quick])


@pytest.mark.django_db
def test_a_cover_for_which_the_time_was_too_short_stays_due(pictures, serve, stall, monkeypatch):
    class Stalls(Pictures):
        def do_GET(self):
            stall.wait(20)

    monkeypatch.setattr(covers, "TOTAL_S", 1)
    address = serve({}, handler=Stalls)
    rows = [make.resource(cover_image_url=f"{address}/{n}.png") for n in range(6)]

    counts = covers.localize()

    errors = [type(row).objects.get(pk=row.pk).cover_error for row in rows]
    # The first four had half of the time each, the other two what was left of it.
    assert counts == {"fetched": 0, "failed": 4}
    assert errors == ["No whole answer within 0.5 s."] * 4 + [""] * 2
    assert covers.due()
