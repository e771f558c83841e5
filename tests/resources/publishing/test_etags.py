"""ETag, If-Match, If-None-Match and PATCH: one winner, and nobody's edit lost."""

from functools import partial

import pytest
from django.test import Client

from ghost.core.errors import RefusedError
from resources.models import DhtStatus, Resource, findings
from resources.publishing import etags
from tests import make
from tests.threads import together

pytestmark = pytest.mark.django_db


def tag_of(call, token, row):
    return call(token, "get", f"/resources/{row.pk}").headers["ETag"]


def test_an_etag_is_strong_and_stays_while_nothing_changes(call):
    row, token = make.resource(), make.admin()

    first = tag_of(call, token, row)

    assert first == tag_of(call, token, row)
    assert first.startswith('"')
    assert first.endswith('"')


@pytest.mark.parametrize("what", ["title", "health", "takedown", "probe", "successor"])
def test_whatever_an_answer_shows_changes_its_etag(call, what):
    row, token = make.resource(), make.admin()
    before = tag_of(call, token, row)

    if what == "title":
        row.title = "Another"
        row.store()
    elif what == "health":
        make.checked(Resource.objects.filter(pk=row.pk), DhtStatus.STALE, misses=2)
    elif what == "takedown":
        row.take_down(reason="asked", by="test")
    elif what == "successor":
        make.resource(supersedes=row)
    else:
        findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, num_peers=99))

    assert tag_of(call, token, row) != before


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_stale_etag_changes_nothing(call, method):
    row, token = make.resource(title="First"), make.admin()
    stale = tag_of(call, token, row)
    call(token, "patch", f"/resources/{row.pk}", {"title": "Second"})

    response = call(
        token, method, f"/resources/{row.pk}", {"title": "Third"}, **{"If-Match": stale}
    )

    row.refresh_from_db()
    assert response.status_code == 412
    assert "read it again" in response.json()["detail"]
    assert row.title == "Second"


def test_a_health_scan_between_reading_and_writing_is_no_edit(call):
    row, token = make.resource(), make.admin()
    tag = tag_of(call, token, row)
    make.checked(Resource.objects.filter(pk=row.pk), DhtStatus.STALE, misses=2)

    response = call(token, "patch", f"/resources/{row.pk}", {"title": "Mine"}, **{"If-Match": tag})

    assert response.status_code == 200
    assert response.json()["title"] == "Mine"
    assert response.headers["ETag"] == tag_of(call, token, row)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("*", 200),
        ('"0000", {tag}', 200),
        ("{tag}", 200),
        ("W/{tag}", 412),
        ('"nobody"', 412),
        ('""', 412),
        ("unquoted", 400),
        ('{tag} "no comma"', 400),
    ],
)
def test_if_match_is_read_as_the_rfc_says(call, header, status):
    row, token = make.resource(), make.admin()
    given = header.replace("{tag}", tag_of(call, token, row))

    response = call(token, "patch", f"/resources/{row.pk}", {"title": "X"}, **{"If-Match": given})

    assert response.status_code == status


def test_what_is_known_is_not_sent_again(call):
    row, token = make.resource(), make.admin()
    tag = tag_of(call, token, row)

    known = call(token, "get", f"/resources/{row.pk}", **{"If-None-Match": f'"x", {tag}'})
    make.checked(Resource.objects.filter(pk=row.pk), DhtStatus.STALE, misses=2)
    news = call(token, "get", f"/resources/{row.pk}", **{"If-None-Match": tag})

    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["ETag"] == tag
    assert news.status_code == 200


def test_patch_takes_merge_patches_and_put_does_not(client):
    row, token = make.resource(), make.admin()

    def send(method):
        return client.generic(
            method,
            f"/api/resources/{row.pk}",
            b'{"cover_image_url": null}',
            content_type="application/merge-patch+json",
            headers={"Authorization": f"Bearer {token.raw}"},
        )

    assert send("PATCH").status_code == 200
    assert send("PUT").status_code == 415


def test_a_header_that_is_none_is_refused_by_name():
    with pytest.raises(RefusedError, match="quotes"):
        etags.condition("abc")


def test_of_two_edits_of_one_version_one_wins(file_database, call):
    row, token = make.resource(title="First"), make.admin()
    tag = tag_of(call, token, row)

    def edit(title):
        response = Client().generic(
            "PATCH",
            f"/api/resources/{row.pk}",
            f'{{"title": "{title}"}}',
            content_type="application/json",
            headers={"Authorization": f"Bearer {token.raw}", "If-Match": tag},
        )
        return response.status_code, title

    answers = together(partial(edit, "A"), partial(edit, "B"))

    row.refresh_from_db()
    assert sorted(status for status, _title in answers) == [200, 412]
    assert (200, row.title) in answers
