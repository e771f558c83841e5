"""Covers in the admin."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from builds import covers
from builds.models import Cover, CoverHost
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


def test_operators_see_hosts_and_have_them_tried_again(django_capture_on_commit_callbacks):
    browser = operators.client("Operator")
    later = timezone.now() + timedelta(hours=1)
    host = CoverHost.objects.create(
        name="dead.example", failures=5, open_until=later, waiting=12, last_error=words("It came too slowly.")
    )  # fmt: skip

    page = browser.get(operators.list_of("builds_coverhost")).content.decode()
    answer = operators.act(browser, "builds_coverhost", "try_again", host)
    again = operators.act(browser, "builds_coverhost", "try_again", host)

    host.refresh_from_db()
    assert [
        part in page for part in ("dead.example", "not tried again", "It came too slowly.", "12")
    ] == [True] * 4
    assert operators.told(answer) == ["1 host will be tried again."]
    assert operators.told(again) == ["1 host will be tried again.", "0 hosts will be tried again."]
    assert (host.failures, host.open_until, host.state) == (0, None, "closed")


@pytest.mark.parametrize("group", ["Viewer", "Moderator"])
def test_others_have_no_host_tried_again(group):
    browser = operators.client(group)
    host = CoverHost.objects.create(name="dead.example", failures=5)

    operators.act(browser, "builds_coverhost", "try_again", host)

    host.refresh_from_db()
    assert host.failures == 5
