"""Review, provenance and succession in the operators' interface."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse

from resources.models import Resource
from resources.publishing import etags
from resources.states import State
from tests import make, operators
from tests.presence import present
from tests.resources.admin.filled_forms import RESOURCE, add, errors, typed
from tests.resources.prober import FakeProber

pytestmark = pytest.mark.django_db

HEX = "ab" * 32


@pytest.fixture(autouse=True)
def prober(settings, monkeypatch):
    settings.PROBER = "tests.resources.prober.FakeProber"
    monkeypatch.setattr(FakeProber, "queued", [])


@pytest.fixture(params=["Operator", "Moderator"])
def browser(request):
    return operators.client(request.param)


@pytest.fixture
def operator():
    return operators.client("Operator")


def waiting(**kwargs) -> Resource:
    return make.resource(awaits_review=True, **kwargs)


def page_of(browser, row: Resource) -> str:
    return browser.get(operators.form_of(RESOURCE, row.pk)).content.decode()


# -- review


def test_what_awaits_review_is_counted_linked_and_listed(browser):
    rows = [waiting(title="One"), waiting(title="Two")]
    make.resource(title="Live")

    front = browser.get(reverse("admin:index")).content.decode()
    shown = browser.get(operators.list_of(RESOURCE), {"state": "review"})

    assert f'href="{operators.list_of(RESOURCE)}?state=review"' in front
    assert "await approval" in front
    assert set(shown.context["cl"].result_list) == set(rows)


def test_without_any_the_dashboard_says_nothing_of_review(operator):
    make.resource()

    assert "state=review" not in operator.get(reverse("admin:index")).content.decode()


def test_an_approval_publishes(browser):
    rows, other = [waiting(), waiting()], waiting()

    answer = operators.act(browser, RESOURCE, "approve", *rows)

    assert operators.told(answer) == ["2 resources approved."]
    assert {row.pk: row.state for row in Resource.objects.all()} == {
        rows[0].pk: State.LIVE, rows[1].pk: State.LIVE, other.pk: State.REVIEW,
    }  # fmt: skip


def test_sending_back_asks_for_a_reason_and_tells_it(browser):
    row = waiting(title="Without a text")

    asked = operators.act(browser, RESOURCE, "send_back", row)
    answer = operators.act(browser, RESOURCE, "send_back", row, reason="Say more.")

    row.refresh_from_db()
    assert "Without a text" in asked.content.decode()
    assert operators.told(answer) == ["1 resource sent back; it is a draft again."]
    assert (row.state, row.review_note) == (State.DRAFT, "Say more.")
    assert "Sent back: Say more." in " ".join(page_of(browser, row).split())


def test_an_empty_reason_is_asked_for_again(operator):
    row = waiting()

    operators.act(operator, RESOURCE, "send_back", row, reason=" ")

    row.refresh_from_db()
    assert row.state == State.REVIEW


def test_what_awaits_nothing_is_neither_approved_nor_sent_back(operator):
    row = make.resource()

    approved = operators.act(operator, RESOURCE, "approve", row)
    asked = operators.act(operator, RESOURCE, "send_back", row)

    assert operators.told(approved) == ["0 resources approved."]
    assert "None of these awaits review." in asked.content.decode()


@pytest.mark.parametrize(("is_waiting", "offered"), [(True, True), (False, False)])
def test_the_form_offers_what_makes_sense(operator, is_waiting, offered):
    page = page_of(operator, make.resource(awaits_review=is_waiting))

    buttons = [f'name="action" value="{name}"' in page for name in ("approve", "send_back")]
    assert buttons == [offered] * 2


def test_a_viewer_neither_approves_nor_is_asked(operator):
    row, viewer = waiting(), operators.client("Viewer")

    operators.act(viewer, RESOURCE, "approve", row)

    row.refresh_from_db()
    assert row.state == State.REVIEW
    assert 'value="approve"' not in page_of(viewer, row)


# -- provenance


def test_provenance_is_typed_and_shown_again(operator):
    older = make.resource(title="Older")
    sums = f"{HEX} *a b.iso\nblake3:{HEX}"
    add(operator, **typed(
        licence="mit or apache-2.0", source_url="https://example.org/", checksums=sums,
        supersedes=older.pk,
    ))  # fmt: skip

    row = Resource.objects.get(title="Debian 13")
    form = operator.get(operators.form_of(RESOURCE, row.pk)).context["adminform"].form
    assert (row.licence, row.source_url, row.supersedes) == (
        "MIT OR Apache-2.0", "https://example.org/", older,
    )  # fmt: skip
    assert row.checksums == [
        {"algorithm": "sha256", "value": HEX, "file": "a b.iso"},
        {"algorithm": "blake3", "value": HEX, "file": ""},
    ]
    assert form["checksums"].value() == f"sha256:{HEX}  a b.iso\nblake3:{HEX}"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("licence", "Free as in beer", "SPDX"),
        ("source_url", "ftp://example.org/", "valid URL"),
        ("checksums", "none at all", "This line is not a checksum: none at all"),
        ("checksums", f"{HEX} a\n{'cd' * 32} a", "two sha256 checksums"),
        ("supersedes", "999", "valid choice"),
    ],
)
def test_what_can_t_be_is_said_at_its_field(operator, field, value, told):
    answer = add(operator, **typed(**{field: value}))

    assert list(errors(answer)) == [field]
    assert told in " ".join(errors(answer)[field])
    assert answer.context["adminform"].form[field].value() in (value, None)


def test_a_release_replaces_neither_itself_nor_what_came_after(operator):
    older = make.resource(title="Older")
    newer = make.resource(title="Newer", supersedes=older)
    fields = typed(magnet_uri=older.magnet_uri)

    for pk in (older.pk, newer.pk):
        answer = operator.post(operators.form_of(RESOURCE, older.pk), fields | {"supersedes": pk})

        assert list(errors(answer)) == ["supersedes"]


def test_a_viewer_reads_provenance_as_words():
    older = make.resource(title="Older release")
    row = make.resource(
        licence="MIT", supersedes=older, checksums=[{"algorithm": "sha256", "value": HEX}]
    )

    page = page_of(operators.client("Viewer"), row)

    assert [word in page for word in ("MIT", "Older release", f"sha256:{HEX}")] == [True] * 3
    assert "&#x27;algorithm&#x27;" not in page


def test_a_category_s_torznab_number_is_typed(operator):
    add(operator, "resources_category", name="Films", sort_order=0, torznab_id=2000)
    wrong = add(operator, "resources_category", name="Books", sort_order=0, torznab_id=99)

    assert list(errors(wrong)) == ["torznab_id"]
    assert operators.client().get(operators.list_of("resources_category")).status_code == 200


def test_nobody_approves_what_he_has_not_read(browser):
    row = make.resource(title="Read")
    row.alone().ask_review()
    row.refresh_from_db()
    form = browser.get(reverse("admin:resources_resource_change", args=[row.pk]))
    version = present(re.search(r'name="version" value="([^"]+)"', form.content.decode()))[1]
    row.refresh_from_db()
    row.title = "Edited since"
    row.store()

    def approve(version):
        browser.post(
            reverse("admin:resources_resource_changelist"),
            {"action": "approve", "_selected_action": [row.pk], "version": version},
        )
        row.refresh_from_db()
        return row.awaits_review

    assert approve(html.unescape(version)) is True
    assert approve(etags.etag(row)) is False
