"""An operator sees where another is signed in, ends that, and takes a lost second factor away."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from ghost.core.audit.models import AuditEvent
from teams import groups
from tests import operators
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db


def page_of(person: User) -> str:
    return reverse("admin:auth_user_account", args=[person.pk])


@pytest.fixture
def ann() -> User:
    return people.operator(app=True, codes=True)


@pytest.fixture
def there(ann):
    browser = people.browser()
    people.sign_in(browser)
    browser.post("/admin/account/second-factor/", {"code": people.code()})
    assert browser.get("/admin/").status_code == 200
    return browser


def test_it_shows_and_ends_sessions(ann, there):
    browser = operators.client()

    page = browser.get(page_of(ann)).content.decode()
    browser.post(page_of(ann), {"end": "all"})

    assert "192.0.2.1" in page
    assert there.get("/admin/").status_code == 302
    event = AuditEvent.objects.get(action="user.end_session")
    assert (event.actor_name, event.object_name) == ("root", "ann")


def test_it_resets_the_second_factor_and_ends_sessions(ann, there):
    browser = operators.client()

    browser.post(page_of(ann), {"reset": "1"})

    assert not Authenticator.objects.exists()
    assert there.get("/admin/").status_code == 302
    events = AuditEvent.objects.filter(action="user.reset_second_factor")
    assert {event.changes["second_factor"][0] for event in events} == {"app", "recovery codes"}


def test_who_resets_his_own_second_factor_stays_signed_in(ann, there):
    there.post(page_of(ann), {"reset": "1"})

    assert not Authenticator.objects.exists()
    assert there.get("/admin/").status_code == 200


def test_the_row_of_a_person_leads_there(ann):
    assert page_of(ann) in operators.client().get(operators.form_of("auth_user", ann.pk)).content.decode()  # fmt: skip


@pytest.fixture
def clerk() -> User:
    """Who may edit people, and is no superuser."""
    groups.sync()
    person = User.objects.create_user("clerk", is_staff=True)
    person.groups.add(Group.objects.get(name="Viewer"))
    person.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user", "add_user", "delete_user", "change_group", "add_group"]))  # fmt: skip
    return person


def test_who_is_no_superuser_touches_none(ann, clerk):
    browser = people.browser(clerk)
    before = ann.password

    answers = [
        browser.post(page_of(ann), {"reset": "1"}).status_code,
        browser.post(operators.form_of("auth_user", ann.pk), {"username": "eve"}).status_code,
        browser.post(reverse("admin:auth_user_password_change", args=[ann.pk])).status_code,
        browser.post(reverse("admin:auth_user_delete", args=[ann.pk]), {"post": "yes"}).status_code,
    ]

    ann.refresh_from_db()
    assert answers == [403] * 4
    assert (ann.username, ann.password, Authenticator.objects.count()) == ("ann", before, 2)


@pytest.mark.parametrize("is_active", [True, False])
def test_who_edits_people_touches_nobody_who_may_more(clerk, is_active):
    oscar = User.objects.create_user("oscar", is_staff=True, is_active=is_active)
    oscar.groups.add(Group.objects.get(name="Operator"))
    browser = people.browser(clerk)

    answers = [
        browser.post(page_of(oscar), {"reset": "1"}).status_code,
        browser.post(operators.form_of("auth_user", oscar.pk), {"username": "eve"}).status_code,
        browser.post(reverse("admin:auth_user_password_change", args=[oscar.pk])).status_code,
    ]

    oscar.refresh_from_db()
    assert answers == [403] * 3
    assert [group.name for group in oscar.groups.all()] == ["Operator"]


def test_groups_are_deleted_by_superusers_alone(clerk):
    clerk.user_permissions.add(Permission.objects.get(codename="delete_group"))
    address = reverse("admin:auth_group_delete", args=[Group.objects.get(name="Operator").pk])

    assert people.browser(clerk).post(address, {"post": "yes"}).status_code == 403
    assert Group.objects.filter(name="Operator").exists()


def test_nobody_gives_more_than_he_has(clerk):
    browser = people.browser(clerk)
    zoe = User.objects.create_user("zoe")
    wanted = Permission.objects.get(codename="add_token")
    form = {
        "username": "zoe",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "user_permissions": [wanted.pk],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    operator, viewer = (Group.objects.get(name=name).pk for name in ("Operator", "Viewer"))

    refused = browser.post(operators.form_of("auth_user", zoe.pk), form | {"groups": [operator]})
    taken = browser.post(operators.form_of("auth_user", zoe.pk), form | {"groups": [viewer]})
    of_group = browser.post(operators.form_of("auth_group", viewer), {"name": "Viewer", "permissions": [wanted.pk]})  # fmt: skip
    own = browser.post(operators.form_of("auth_user", clerk.pk), form | {"username": "clerk", "groups": [operator]})  # fmt: skip

    zoe.refresh_from_db()
    assert (refused.status_code, taken.status_code, of_group.status_code, own.status_code) == (200, 302, 403, 200)  # fmt: skip
    assert (zoe.is_superuser, zoe.user_permissions.count()) == (False, 0)
    assert [group.name for group in zoe.groups.all()] == ["Viewer"]
