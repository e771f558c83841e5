"""Drafts, review and withdrawal: one resource shown and taken away."""

import pytest

from ghost.core.catalog.models import Catalog
from resources.models import Block, Resource
from resources.publishing import visibility
from resources.states import State
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def revision():
    return Catalog.get().revision


def reviewed(**kwargs):
    return make.publisher(needs_review=True, **kwargs)


def body(**kwargs):
    return {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk} | kwargs


def test_withdrawn_is_a_draft_and_published_again(call):
    token = make.publisher()
    row, before = make.resource(publisher=token), revision()

    off = call(token, "post", f"/resources/{row.pk}/withdraw").json()
    between = revision()
    on = call(token, "post", f"/resources/{row.pk}/publish").json()

    assert (off["state"], off["published_at"]) == ("draft", None)
    assert on["state"] == "live"
    assert before < between < revision()
    assert Block.objects.count() == 0


def test_withdrawing_a_draft_and_publishing_what_is_live_change_nothing(call):
    token = make.publisher()
    draft, live = make.resource(publisher=token, published_at=None), make.resource(publisher=token)
    before = revision()

    call(token, "post", f"/resources/{draft.pk}/withdraw")
    said = call(token, "post", f"/resources/{live.pk}/publish").json()

    assert revision() == before
    assert said["published_at"] == present(live.published_at).isoformat()


def test_others_withdraw_and_publish_nothing(call):
    row, other = make.resource(), make.publisher(name="Eve")

    assert call(other, "post", f"/resources/{row.pk}/withdraw").status_code == 403
    assert call(other, "post", "/resources/999999/publish").status_code == 404


def test_what_is_taken_down_is_an_admins(call):
    token = make.publisher()
    row = make.resource(publisher=token)
    row.take_down(reason="asked", by="test")

    assert call(token, "post", f"/resources/{row.pk}/publish").status_code == 403
    assert call(make.admin(), "post", f"/resources/{row.pk}/publish").status_code == 409
    assert Resource.objects.get().state == State.TAKEN_DOWN


def test_work_of_a_reviewed_publisher_waits_for_approval(call):
    token = reviewed()
    made = call(token, "post", "/resources?wait=true", body()).json()
    path, before = f"/resources/{made['id']}", revision()

    listed = call(token, "get", "/resources?state=review").json()
    approved = call(make.admin(), "post", f"{path}/approve").json()

    assert made["state"] == "review"
    assert [each["id"] for each in listed] == [made["id"]]
    assert approved["state"] == "live"
    assert revision() == before + 1


def test_publishers_approve_nothing(call):
    token = reviewed()
    made = call(token, "post", "/resources?wait=true", body()).json()

    assert call(token, "post", f"/resources/{made['id']}/approve").status_code == 403
    assert (
        call(token, "post", f"/resources/{made['id']}/send-back", {"reason": "x"}).status_code
        == 403
    )


def test_what_is_sent_back_says_why_and_comes_again(call):
    token = reviewed()
    made = call(token, "post", "/resources?wait=true", body()).json()
    path = f"/resources/{made['id']}"

    back = call(make.admin(), "post", f"{path}/send-back", {"reason": "No licence."}).json()
    mended = call(token, "patch", path, {"licence": "CC0-1.0"}).json()
    again = call(token, "post", f"{path}/publish").json()

    assert (back["state"], back["review_note"]) == ("draft", "No licence.")
    assert (mended["state"], mended["review_note"]) == ("draft", "")
    assert again["state"] == "review"


def test_an_edit_of_approved_work_is_reviewed_again(call):
    token = reviewed()
    made = call(token, "post", "/resources?wait=true", body()).json()
    path = f"/resources/{made['id']}"
    call(make.admin(), "post", f"{path}/approve")

    same = call(token, "patch", path, {"title": "T"}).json()
    edited = call(token, "patch", path, {"title": "Other"}).json()

    assert same["state"] == "live"
    assert edited["state"] == "review"


def test_members_of_a_reviewed_publishers_team_are_reviewed_and_admins_are_not(call):
    owner = reviewed()
    member = make.member(make.team(owner))
    made = call(member, "post", "/resources?wait=true", body()).json()
    path = f"/resources/{made['id']}"
    call(make.admin(), "post", f"{path}/approve")

    by_admin = call(make.admin(), "patch", path, {"title": "Mended"}).json()

    assert made["state"] == "review"
    assert by_admin["state"] == "live"


def test_a_draft_of_before_the_review_is_reviewed_when_it_is_published(call):
    token = make.publisher()
    row = make.resource(publisher=token, published_at=None)
    token.needs_review = True
    token.store()

    said = call(token, "post", f"/resources/{row.pk}/publish").json()

    assert said["state"] == "review"


def test_publishing_what_is_live_asks_for_no_review(call):
    row = make.resource(publisher=reviewed())

    assert row.state == State.LIVE
    visibility.publish(row, by=row.publisher)
    assert row.state == State.LIVE


def test_nobody_approves_what_he_has_not_read(call):
    token, admin = reviewed(), make.admin()
    made = call(token, "post", "/resources?wait=true", body()).json()
    path = f"/resources/{made['id']}"
    read = call(admin, "get", path).headers["ETag"]
    call(token, "patch", path, {"title": "Something else"})

    stale = call(admin, "post", f"{path}/approve", **{"If-Match": read})
    after = Resource.objects.get().state
    read = call(admin, "get", path).headers["ETag"]
    approved = call(admin, "post", f"{path}/approve", **{"If-Match": read})

    assert (stale.status_code, after) == (412, State.REVIEW)
    assert approved.json()["state"] == "live"


def test_whose_work_is_reviewed_writes_no_category(call):
    token = reviewed()
    own = make.category(created_by=token)

    for who in (token, make.member(make.team(token))):
        assert call(who, "post", "/categories", {"name": "Seen at once"}).status_code == 403
        for method, given in (("put", {"name": "Seen at once"}), ("delete", None)):
            assert call(who, method, f"/categories/{own.pk}", given).status_code == 403
