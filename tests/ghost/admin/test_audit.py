from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builds.models import Build, BuildState
from ghost.core.audit import actors, trail
from ghost.core.audit.models import ActorKind, AuditEvent
from resources.models import Resource
from tests import make, operators
from tests.presence import present

pytestmark = pytest.mark.django_db

EVENT = "ghost_auditevent"


@pytest.fixture
def viewer():
    """Who may see people, too: the names of operators are a story of their own."""
    browser = operators.client("Viewer")
    User.objects.get().user_permissions.add(Permission.objects.get(codename="view_user"))
    AuditEvent.objects.all().delete()
    return browser


def note(action: str, row, before=None, after=None, who: str = "import") -> AuditEvent:
    """An event as a command leaves it."""
    with actors.acting_as(who):
        trail.record(action, row, before, after)
    return present(AuditEvent.objects.first())


def listed(browser, **asked) -> list[Any]:
    response = browser.get(operators.list_of(EVENT), asked)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def page_of(browser, event: AuditEvent) -> str:
    return browser.get(operators.form_of(EVENT, event.pk)).content.decode()


@pytest.mark.parametrize("group", ["Viewer", "Moderator", "Operator"])
def test_each_group_reads_the_trail_and_nobody_writes_it(group):
    browser, row = operators.client(group), make.resource()
    event = note("resource.update", row, {"title": "Old"}, {"title": "New"})
    url = operators.form_of(EVENT, event.pk)

    shown, written = browser.get(url), browser.post(url, {"action": "x"})
    gone = browser.post(url.replace("change", "delete"), {"post": "yes"})

    assert (shown.status_code, written.status_code, gone.status_code) == (200, 403, 403)
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_an_event_links_its_row_while_that_is_there(viewer):
    there, gone = make.resource(title="There"), make.resource(title="Gone")
    rows = {"There": there, "Gone": gone}
    AuditEvent.objects.all().delete()
    for row in rows.values():
        note("resource.update", row, {"title": ""}, {"title": row.title})
    Resource.objects.filter(pk=gone.pk).delete()

    found = {event.object_name: event.link for event in listed(viewer)}

    assert found == {"There": operators.form_of("resources_resource", there.pk), "Gone": ""}


def test_rows_that_one_may_not_see_are_not_linked(viewer):
    User.objects.get().user_permissions.clear()
    root = User.objects.create_superuser("boss")

    note("user.change", root, {"email": ""}, {"email": "a@example.org"})

    assert [event.link for event in listed(viewer)] == [""]


def test_what_was_done_to_the_whole_site_is_no_build_s(viewer):
    Build.objects.create(trigger="test", state="done", lease_until="2026-01-01T00:00:00Z")

    note("build.trigger", BuildState.get(), None, {"how": "force"})

    assert [event.link for event in listed(viewer)] == [""]


def test_the_trail_is_narrowed_by_who_what_object_and_words(viewer):
    row, token = make.resource(title="Debian"), make.publisher(name="Zoe")
    AuditEvent.objects.all().delete()
    one = note("resource.update", row, {"title": "Old"}, {"title": "Debian"})
    other = note("token.rotate", token, who="rotate")
    AuditEvent.objects.filter(pk=other.pk).update(actor_kind=ActorKind.OPERATOR, request_id="abc")

    found = {
        name: listed(viewer, **asked)
        for name, asked in {
            "kind": {"actor_kind__exact": "operator"},
            "action": {"action": "token.rotate"},
            "object": {"object_type": "resource"},
            "name": {"q": "debian"},
            "who": {"q": "rotate"},
            "key": {"q": str(row.pk), "object_type": "resource"},
            "request": {"q": "abc"},
        }.items()
    }

    assert found == {
        "kind": [other], "action": [other], "object": [one], "name": [one], "who": [other],
        "key": [one], "request": [other],
    }  # fmt: skip


def test_the_filters_offer_what_there_is(viewer):
    note("resource.update", make.resource(), {"title": "a"}, {"title": "b"})

    page = viewer.get(operators.list_of(EVENT)).content.decode()

    assert '<option value="resource.update"' in page
    assert '<option value="team.update"' not in page


def test_before_and_after_stand_side_by_side_as_text(viewer):
    row = make.resource()
    event = note(
        "resource.update", row,
        {"title": "<b>Old</b>", "tags": ["a", "b"], "team_id": None, "awaits_review": True},
        {"title": "New", "tags": [], "team_id": 7, "awaits_review": False},
    )  # fmt: skip

    page = " ".join(page_of(viewer, event).split())

    assert '<span class="ghost-typed">&lt;b&gt;Old&lt;/b&gt;</span>' in page
    assert "<b>Old</b>" not in page
    assert '<span class="ghost-typed">a b</span>' in page
    assert [name in page for name in (">Title<", ">Tags<", ">Team<", ">Awaits review<")] == [
        True
    ] * 4
    assert ('<span class="ghost-typed">yes</span>' in page, '">no</span>' in page) == (True, True)


def test_long_texts_are_folded(viewer):
    long = "word " * 200
    event = note("resource.update", make.resource(), {"content_markdown": long}, {"content_markdown": "x"})  # fmt: skip

    page = page_of(viewer, event)

    assert page.count(f'<div class="ghost-typed">{long}</div>') == 1
    assert "<details><summary>word word" in page


def test_the_list_names_a_few_of_what_changed(viewer):
    names = ["title", "licence", "source_url", "magnet_uri", "category_id"]
    note("resource.update", make.resource(), dict.fromkeys(names, "a"), dict.fromkeys(names, "b"))

    page = viewer.get(operators.list_of(EVENT)).content.decode()

    assert "Title, Magnet link, Category and 2 more" in page


def test_a_long_list_takes_as_many_queries_as_a_short_one(viewer):
    row = make.resource()
    counts = []
    for many in (1, 30):
        for number in range(many):
            note("resource.update", row, {"title": ""}, {"title": str(number)})
        listed(viewer)
        with CaptureQueriesContext(connection) as found:
            listed(viewer)
        counts.append(len(found))

    assert counts[0] == counts[1]


def test_history_of_a_row_is_its_part_of_the_trail(viewer):
    row, other = make.resource(), make.resource()
    AuditEvent.objects.all().delete()
    for each in (row, other):
        note("resource.update", each, {"title": ""}, {"title": each.title})

    response = viewer.get(reverse("admin:resources_resource_history", args=(row.pk,)), follow=True)

    [(address, _status)] = response.redirect_chain
    assert address == f"{operators.list_of(EVENT)}?object_type=resource&object_key={row.pk}"
    assert [event.object_key for event in response.context["cl"].result_list] == [str(row.pk)]


def test_history_is_django_s_where_there_is_no_trail_to_be_seen(viewer):
    row = make.resource()
    event = note("resource.update", row, {"title": ""}, {"title": "New"})
    own = viewer.get(reverse("admin:ghost_auditevent_history", args=(event.pk,)))
    blind = User.objects.get(username="viewer")
    blind.groups.clear()
    blind.user_permissions.add(Permission.objects.get(codename="view_resource"))

    others = viewer.get(reverse("admin:resources_resource_history", args=(row.pk,)))

    assert (own.status_code, others.status_code) == (200, 200)
    assert others.templates[0].name == own.templates[0].name == "admin/object_history.html"


def test_the_list_tells_times_to_the_second(viewer):
    event = note("resource.update", make.resource(), {"title": ""}, {"title": "New"})

    page = viewer.get(operators.list_of(EVENT)).content.decode()

    assert f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}" in page
