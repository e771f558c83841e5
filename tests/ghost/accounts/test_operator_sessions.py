"""Where people are signed in, and what ends that."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session

from ghost.accounts import operator_sessions
from ghost.core.audit.models import AuditEvent
from teams import groups
from tests.ghost.accounts import people
from tests.presence import present

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGE = "/admin/account/sessions/"


def signed_in(address: str = "192.0.2.1", agent: str = FIREFOX):
    browser = people.browser(address=address, headers={"User-Agent": agent})
    people.sign_in(browser)
    assert is_in(browser)
    return browser


def is_in(browser) -> bool:
    return browser.get("/admin/").status_code == 200


def test_each_is_listed_with_address_and_browser_the_present_one_first():
    person = people.operator()
    here = signed_in()
    signed_in("2001:db8::7", "curl/8.0")

    found = operator_sessions.listed(person, here.session.session_key)

    assert [(each.address, each.browser, each.is_current) for each in found] == [
        ("192.0.2.1", "Firefox, Linux", True),
        ("2001:db8::7", "curl/8.0", False),
    ]
    page = here.get(PAGE).content.decode()
    assert "Firefox, Linux · 192.0.2.1" in page
    assert here.session.session_key not in page


def test_one_is_ended_and_all_others_but_never_the_present_one():
    person = people.operator()
    here, there, elsewhere = signed_in(), signed_in("192.0.2.2"), signed_in("192.0.2.3")
    row = UserSession.objects.get(ip="192.0.2.2")
    own = UserSession.objects.get(ip="192.0.2.1")

    here.post(PAGE, {"end": row.pk})
    after_one = [is_in(each) for each in (here, there, elsewhere)]
    here.post(PAGE, {"end": own.pk})
    here.post(PAGE, {"end": "others"})

    assert after_one == [True, False, True]
    assert [is_in(each) for each in (here, there, elsewhere)] == [True, False, False]
    assert len(operator_sessions.listed(person)) == 1
    ended = AuditEvent.objects.filter(action="user.end_session")
    assert [event.changes["address"] for event in ended] == [
        ["192.0.2.3", None],
        ["192.0.2.2", None],
    ]


@pytest.mark.parametrize("wanted", ["", "0", "x", "-1", "9" * 30, "1\0", "１"])
def test_what_names_no_session_ends_none(wanted):
    people.operator()
    here, there = signed_in(), signed_in("192.0.2.2")

    here.post(PAGE, {"end": wanted})

    assert (is_in(here), is_in(there)) == (True, True)


def test_nobody_ends_another_s_here():
    people.operator("ann")
    there = signed_in()
    here = people.browser(people.operator("bob"))
    row = UserSession.objects.get()

    here.post(PAGE, {"end": row.pk})

    assert is_in(there)


def leave_group(person: User) -> None:
    person.groups.remove(Group.objects.get(name="Viewer"))


def be_put_out_of_group(person: User) -> None:
    Group.objects.get(name="Viewer").user_set.remove(person)


def lose_the_group(person: User) -> None:
    Group.objects.get(name="Viewer").delete()


def be_deactivated(person: User) -> None:
    person.is_active = False
    person.save()
    person.is_active = True
    person.save()


def be_demoted(person: User) -> None:
    person.is_superuser = False
    person.save()


def get_another_password(person: User) -> None:
    person.set_password("another one")
    person.save(update_fields=["password"])


@pytest.mark.parametrize(
    "lose",
    [leave_group, be_put_out_of_group, lose_the_group, be_deactivated, be_demoted,
     get_another_password],
)  # fmt: skip
def test_lost_rights_end_them_at_once_and_for_good(lose):
    groups.sync()
    person = people.operator()
    person.groups.add(Group.objects.get(name="Viewer"))
    there = signed_in()

    lose(person)

    assert Session.objects.count() == 0
    assert UserSession.objects.count() == 0
    assert not is_in(there)


def test_what_takes_no_right_ends_none():
    groups.sync()
    person = people.operator()
    there = signed_in()

    person.first_name = "Ann"
    person.save()
    person.groups.add(Group.objects.get(name="Viewer"))

    assert is_in(there)


def test_one_s_own_new_password_keeps_the_present_session_and_ends_the_others():
    people.operator()
    here, there = signed_in(), signed_in("192.0.2.2")
    new = "correct horse staple"
    fields = {"old_password": "right", "new_password1": new, "new_password2": new}

    here.post("/admin/password_change/", fields)

    assert (is_in(here), is_in(there)) == (True, False)
    (left,) = operator_sessions.listed(User.objects.get(), here.session.session_key)
    assert left.is_current


def test_a_renewed_key_is_followed():
    person = people.operator()
    here = signed_in()
    before = here.session.session_key

    here.post("/admin/account/confirm/", {"password": "right"})

    assert here.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()
    assert [each.is_current for each in operator_sessions.listed(person, present(here.session.session_key))] == [True]  # fmt: skip
    assert UserSession.objects.count() == 1


def test_signing_out_takes_it_off_the_list():
    people.operator()
    here = signed_in()

    here.post("/admin/logout/")

    assert (UserSession.objects.count(), Session.objects.filter().count()) == (0, 0)


def test_strangers_leave_nothing(client):
    answer = client.get("/admin/login/")

    assert "sessionid" not in answer.cookies
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)
