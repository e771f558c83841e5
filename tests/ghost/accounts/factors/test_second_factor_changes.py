"""What of second factors is in the audit trail: no secret."""

import json

import pytest
from django.urls import reverse

from ghost.core.audit import access
from ghost.core.audit.models import AuditEvent
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db(transaction=True)


def actions() -> list[str]:
    about = AuditEvent.objects.filter(action__regex="factor|recovery").order_by("pk")
    return list(about.values_list("action", flat=True))


def test_a_life_with_an_app_is_told_without_its_secrets():
    person = people.operator()
    browser = people.browser(person)
    page = browser.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret

    added = browser.post(reverse("mfa_activate_totp"), {"code": people.code(secret)})
    codes = people.recovery_codes(person)
    shown = browser.get(added["Location"])
    again = browser.get(added["Location"])
    browser.post(reverse("mfa_reauthenticate"), {"code": codes[0]})
    browser.post(reverse("mfa_generate_recovery_codes"))
    browser.post(reverse("mfa_deactivate_totp"))

    assert all(code in shown.content.decode() for code in codes)
    assert not any(code in again.content.decode() for code in codes)
    for answer in (page, shown):
        assert "no-store" in answer["Cache-Control"]
    assert actions() == [
        "user.add_second_factor",
        "user.add_second_factor",
        "user.use_recovery_code",
        "user.renew_recovery_codes",
        "user.remove_second_factor",
        "user.remove_second_factor",
    ]
    told = json.dumps(list(AuditEvent.objects.values("changes", "object_name")))
    assert not any(each in told for each in (secret, *codes))


def test_the_code_that_proved_the_app_lets_nobody_in():
    person = people.operator()
    browser = people.browser(person)
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    code = people.code(secret)
    browser.post(reverse("mfa_activate_totp"), {"code": code})
    other = people.browser()
    people.sign_in(other)

    answer = other.post("/admin/account/second-factor/", {"code": code})

    assert answer.status_code == 200
    assert other.get("/admin/").status_code == 302


@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_change_ends_the_other_sessions(change):
    person = people.operator(app=change == "remove")
    there, here = people.browser(), people.browser(person)
    people.sign_in(there)
    there.post("/admin/account/second-factor/", {"code": people.code()})
    assert there.get("/admin/").status_code == 200

    if change == "add":
        secret = here.get(reverse("mfa_activate_totp")).context["form"].secret
        here.post(reverse("mfa_activate_totp"), {"code": people.code(secret)})
    else:
        here.post(reverse("mfa_deactivate_totp"))

    assert here.get("/admin/").status_code == 200
    assert there.get("/admin/").status_code == 302


def test_a_wrong_code_is_in_the_trail_by_name_and_address():
    people.operator(app=True)
    browser = people.browser(address="192.0.2.9")
    people.sign_in(browser)

    browser.post("/admin/account/second-factor/", {"code": "000000"})
    browser.post(reverse("mfa_login_webauthn"), {"credential": '{"id": "x"}'})
    access.write()

    found = AuditEvent.objects.filter(action="user.second_factor_failed")
    assert {(event.object_name, event.address) for event in found} == {
        ("ann", "192.0.2.9"),
        ("", "192.0.2.9"),
    }
    assert "000000" not in str(list(found.values()))
