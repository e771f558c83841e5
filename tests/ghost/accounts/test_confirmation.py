"""What asks again who somebody is."""

import pytest
from django.contrib.auth.models import User
from django.urls import NoReverseMatch, reverse

from ghost.accounts import confirmation
from ghost.core.audit.models import AuditEvent
from teams.models import Token
from tests import make, operators
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db


def address(name: str) -> str:
    for args in ([], ["1"]):
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    raise AssertionError(name)


def is_asked(answer) -> bool:
    return answer.headers.get("Location", "").startswith("/admin/account/confirm/?next=")


def test_each_address_of_the_list_asks_who_has_not_said_so_lately():
    browser = people.browser(people.operator())
    found = {}
    for seconds in (confirmation.ASKED_AFTER_S - 60, confirmation.GOOD_FOR_S + 1):
        people.leave_alone(browser, seconds)
        for name in confirmation.ALWAYS:
            found[name, "get", seconds] = is_asked(browser.get(address(name)))
        for name in confirmation.WHEN_SENT:
            found[name, "get", seconds] = not is_asked(browser.get(address(name)))
    for name in confirmation.ALWAYS | confirmation.WHEN_SENT:
        found[name, "post", seconds] = is_asked(browser.post(address(name)))

    late = {key for key, asked in found.items() if asked}
    fresh = {key for key in found if key[2] < confirmation.GOOD_FOR_S}
    assert late == {key for key in found if key not in fresh or key[0] in confirmation.WHEN_SENT}


def test_a_form_that_was_opened_in_time_may_still_be_sent():
    browser = people.browser(people.operator())
    page = reverse("admin:teams_token_add")
    fields = {"role": "Publisher", "display_name": "Zoe"}
    between = (confirmation.ASKED_AFTER_S + confirmation.GOOD_FOR_S) / 2

    people.leave_alone(browser, between)
    opened, sent = browser.get(page), browser.post(page, fields)

    assert (is_asked(opened), sent.status_code, Token.objects.count()) == (True, 200, 1)


def test_what_was_sent_too_late_is_not_done_nor_kept_and_that_is_said():
    browser = people.browser(people.operator())
    people.leave_alone(browser, 3600)
    fields = {"username": "zoe", "password1": "very secret words", "password2": "very secret words"}

    asked = browser.post(reverse("admin:auth_user_add"), fields)
    page = browser.get(asked["Location"]).content.decode()

    assert "Nothing was done yet" in page
    assert "very secret words" not in page + str(dict(browser.session))
    assert not User.objects.filter(username="zoe").exists()
    browser.post(asked["Location"], {"password": "right"})
    assert not User.objects.filter(username="zoe").exists()


def test_a_list_s_action_asks_too():
    token = make.publisher()
    browser = people.browser(people.operator())
    people.leave_alone(browser, 3600)

    asked = operators.act(browser, "teams_token", "revoke", token, confirmed="1")

    assert is_asked(asked)
    assert Token.objects.usable().count() == 1


def test_a_time_in_the_future_counts_for_nothing():
    browser = people.browser(people.operator())
    people.leave_alone(browser, -3600)

    assert is_asked(browser.get(reverse("admin:auth_user_add")))


def test_who_may_not_is_refused_before_anything_is_asked():
    browser = operators.client("Viewer")
    people.leave_alone(browser, 3600)
    browser.logout()
    AuditEvent.objects.all().delete()

    answer = browser.get(reverse("admin:auth_user_add"))

    assert answer["Location"].startswith("/admin/login/")
    assert AuditEvent.objects.count() == 0
