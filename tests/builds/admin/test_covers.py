"""Covers in the admin."""

import pytest
from django.urls import reverse
from PIL import Image

from builds import covers
from builds.models import Cover
from ghost.core.text.reasons import words
from resources.models import findings
from tests import make, operators

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("which", ["", "?thumb"])
def test_a_cover_is_shown_to_who_may_see_it_alone(which):
    row = Cover.objects.create(resource=make.resource(), digest="0" * 64, width=8, height=8)
    for file in (covers.page_file(row.digest), covers.thumb_file(row.digest)):
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(file, "WEBP")
    url = reverse("admin:builds_cover_image", args=(row.pk,)) + which
    viewer, stranger = operators.client("Viewer"), operators.client("Operator")
    stranger.logout()

    seen, hidden = viewer.get(url), stranger.get(url)

    assert (seen["Content-Type"], b"".join(seen)[:4]) == ("image/webp", b"RIFF")
    assert hidden.status_code == 302


def test_a_cover_that_is_not_there_is_a_404():
    row = Cover.objects.create(resource=make.resource(), digest="0" * 64)

    answer = operators.client().get(reverse("admin:builds_cover_image", args=(row.pk,)))

    assert answer.status_code == 404


def test_a_resources_form_shows_its_cover_or_why_there_is_none():
    viewer = operators.client("Viewer")
    row, failed = make.resource(), make.resource(cover_image_url="https://example.org/x.png")
    cover = Cover.objects.create(resource=row, digest="0" * 64)
    findings.record_cover(row, "assets/covers/1.webp")
    findings.record_cover(failed, None, error=words("no picture <there>"))

    shown = viewer.get(operators.form_of("resources_resource", row.pk)).content.decode()
    told = viewer.get(operators.form_of("resources_resource", failed.pk)).content.decode()

    assert reverse("admin:builds_cover_image", args=(cover.pk,)) in shown
    assert "no picture &lt;there&gt;" in told
