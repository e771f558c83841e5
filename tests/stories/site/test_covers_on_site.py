"""Covers on the public site."""

from __future__ import annotations

from builds import covers
from tests import make
from tests.builds.pictures import image, opened


def test_a_cover_is_published_without_its_address(build, pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    failing = make.resource(cover_image_url=pictures["address"] + "/words")
    covers.localize()

    public = build()

    row.refresh_from_db()
    assert opened((public / row.cover_image_path).read_bytes()).size == (800, 600)
    assert opened((public / f"assets/covers/{row.pk}-thumb.webp").read_bytes()).size == (160, 120)
    page = (public / f"resources/{row.pk}/index.html").read_text()
    assert f'src="/assets/covers/{row.pk}.webp"' in page
    assert f'src="/assets/covers/{row.pk}-thumb.webp"' in (public / "index.html").read_text()
    assert (public / f"resources/{failing.pk}/index.html").exists()
    everything = b"".join(path.read_bytes() for path in public.rglob("*") if path.is_file())
    assert pictures["address"].encode() not in everything


def test_an_upload_replaces_a_cover_on_the_site_and_goes_when_it_is_removed(build, pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    covers.localize()
    build()
    covers.upload(row, image((400, 400)), by="Ada")

    public = build()
    body = (public / f"assets/covers/{row.pk}.webp").read_bytes()
    page = (public / f"resources/{row.pk}/index.html").read_text()
    row.cover_image_url = None
    row.store()
    covers.remove(row, by="Ada")
    build()

    assert opened(body).size == (400, 400)
    assert 'width="400" height="400"' in page
    assert not (public / "assets" / "covers").exists()


def test_the_cover_of_what_is_taken_down_goes_from_the_site_and_comes_back(build):
    row = make.resource()
    covers.upload(row, image((400, 400)), by="Ada")
    public = build()
    file = public / f"assets/covers/{row.pk}.webp"
    before = file.read_bytes()
    row.take_down(reason="asked", by="Olga")

    build()
    is_there = file.exists()
    row.restore()
    build()

    assert (is_there, file.read_bytes()) == (False, before)
