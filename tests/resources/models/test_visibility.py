"""Drafts, review, withdrawal, and releases that take the place of others."""

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


@pytest.mark.parametrize("state", list(State))
def test_the_state_of_one_and_of_many_agree(state):
    make.resource(published_at=None)
    make.resource(is_probed=False)
    make.resource().take_down(reason="asked", by="test")
    make.resource().alone().ask_review()
    make.resource(published_at=None).alone().ask_review()
    make.resource()

    found = set(Resource.objects.in_state(state))

    assert found == {row for row in Resource.objects.all() if row.state == state}


def test_a_release_names_the_one_that_it_replaces(call):
    token = make.publisher()
    old = make.resource(publisher=token)

    made = call(token, "post", "/resources", body(supersedes_id=old.pk)).json()
    shown = call(token, "get", f"/resources/{old.pk}").json()
    cleared = call(token, "patch", f"/resources/{made['id']}", {"supersedes_id": None}).json()

    assert made["supersedes_id"] == old.pk
    assert shown["superseded_by"] == [made["id"]]
    assert cleared["supersedes_id"] is None


def test_only_what_is_in_scope_is_replaced(call):
    foreign = make.resource()

    response = call(
        make.publisher(name="Eve"), "post", "/resources", body(supersedes_id=foreign.pk)
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "supersedes_id"


def test_releases_do_not_replace_each_other_in_a_circle(call):
    token = make.publisher()
    first = make.resource(publisher=token)
    second = make.resource(publisher=token, supersedes=first)
    third = make.resource(publisher=token, supersedes=second)

    for older in (first, third):
        response = call(token, "patch", f"/resources/{first.pk}", {"supersedes_id": older.pk})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "supersedes_id"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"licence": " mit or apache-2.0 "}, {"licence": "MIT OR Apache-2.0"}),
        ({"source_url": "https://example.org/a"}, {"source_url": "https://example.org/a"}),
        (
            {"checksums": [{"algorithm": "sha1", "value": "AB" * 20, "file": "a/b.iso"}]},
            {"checksums": [{"algorithm": "sha1", "value": "ab" * 20, "file": "a/b.iso"}]},
        ),
    ],
)
def test_provenance_comes_in_and_is_shown(call, fields, shown):
    made = call(make.publisher(), "post", "/resources", body(**fields)).json()

    assert {name: made[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("licence", "WTF-1.0"),
        ("licence", "MIT AND"),
        ("licence", "(" * 190),
        ("source_url", "javascript:alert(1)"),
        ("source_url", "ftp://example.org/"),
        ("checksums", [{"algorithm": "sha256", "value": "ab" * 20}]),
        (
            "checksums",
            [
                {"algorithm": "sha1", "value": "ab" * 20},
                {"algorithm": "sha1", "value": "cd" * 20},
            ],
        ),
        ("checksums", [{"algorithm": "sha1", "value": "ab" * 20, "file": "a\nb"}]),
    ],
)
def test_provenance_that_is_none_is_refused(call, field, value):
    response = call(make.publisher(), "post", "/resources", body(**{field: value}))

    assert response.status_code == 422
    assert {each["field"] for each in response.json()["errors"]} == {field}


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


def test_a_long_row_of_releases_costs_a_new_one_nothing(django_assert_max_num_queries):
    token, last = make.publisher(), None
    for _ in range(30):
        last = present(present(make.resource(publisher=token, supersedes=last, is_probed=False)))

    with django_assert_max_num_queries(25):
        make.resource(publisher=token, supersedes=last, category=last.category, is_probed=False)
    with django_assert_max_num_queries(25):
        last.store()


@pytest.mark.parametrize("licence", ["( ) -", "(and notand+ ", "()", "MIT ()"])
def test_licences_over_which_their_parser_trips_are_refused(call, licence):
    response = call(make.publisher(), "post", "/resources", body(licence=licence))

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "licence"


def test_checksums_are_bounded_in_all_and_one_fault_is_told(call):
    each = {"algorithm": "sha1", "value": "ab" * 20}
    long = [each | {"file": f"{n:04}" + "x" * 900} for n in range(400)]

    too_long = call(make.publisher(), "post", "/resources", body(checksums=long))
    wrong = call(make.publisher(), "post", "/resources", body(checksums=[{}] * 1000))

    assert (too_long.status_code, wrong.status_code) == (422, 422)
    assert [e["field"] for e in too_long.json()["errors"]] == ["checksums"]
    assert {e["field"] for e in wrong.json()["errors"]} == {
        "checksums.0.algorithm",
        "checksums.0.value",
    }


def test_successors_that_the_asker_may_not_see_are_not_named(call):
    ada, eve = make.publisher(), make.publisher(name="Eve")
    old = make.resource(publisher=ada)
    mine = make.resource(publisher=ada, supersedes=old, published_at=None)
    public = make.resource(publisher=eve, supersedes=old)
    make.resource(publisher=eve, supersedes=old, published_at=None)

    shown = call(ada, "get", f"/resources/{old.pk}").json()["superseded_by"]

    assert shown == [public.pk, mine.pk]
