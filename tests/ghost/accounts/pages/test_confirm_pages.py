"""The second factor at sign-in, and being asked again."""

import base64
import json
from hashlib import sha256

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse

from teams import groups
from teams.models.sign_in_attempt import MOST
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db

SECOND = "/admin/account/second-factor/"


def is_in(browser) -> bool:
    return browser.get("/admin/").status_code == 200


def test_the_password_alone_does_not_let_in_who_has_an_app():
    people.operator(app=True)
    browser = people.browser()

    first = people.sign_in(browser)
    between = is_in(browser)
    second = browser.post(SECOND, {"code": people.code()})

    assert (first["Location"], second["Location"]) == (SECOND, "/admin/")
    assert not between
    assert is_in(browser)
    assert first.cookies["sessionid"]["max-age"] > 3600  # the browser keeps it between the two


def test_they_go_where_they_wanted_to_go():
    people.operator(app=True)
    browser = people.browser()
    wanted = "/admin/resources/resource/?q=a"
    fields = {"username": "ann", "password": "right", "next": wanted}

    browser.post("/admin/login/", fields)

    assert browser.post(SECOND, {"code": people.code()})["Location"] == wanted


def test_a_code_works_once_whichever_process_is_asked():
    people.operator(app=True)
    first, second = people.browser(), people.browser()
    code = people.code()
    people.sign_in(first)
    people.sign_in(second)

    first.post(SECOND, {"code": code})
    cache.clear()  # another process has another one
    again = second.post(SECOND, {"code": code})

    assert is_in(first)
    assert again.status_code == 200
    assert "A code works once" in again.content.decode()
    assert not is_in(second)


def test_a_recovery_code_works_once():
    person = people.operator(app=True, codes=True)
    code = people.recovery_codes(person)[0]
    first, second = people.browser(), people.browser()
    people.sign_in(first)
    people.sign_in(second)

    first.post(SECOND, {"code": code})
    second.post(SECOND, {"code": code})

    assert (is_in(first), is_in(second)) == (True, False)
    assert len(people.recovery_codes(person)) == 9


@pytest.mark.parametrize("code", ["000000", "", "\0", "１２３４５６", "9" * 101, "%s" % ("a" * 30)])
def test_what_is_no_code_is_refused(code):
    people.operator(app=True, codes=True)
    browser = people.browser()
    people.sign_in(browser)

    answer = browser.post(SECOND, {"code": code})

    assert answer.status_code == 200
    assert not is_in(browser)


def guess(address: str) -> None:
    browser = people.browser(address=address)
    people.sign_in(browser)
    for _ in range(MOST):
        browser.post(SECOND, {"code": "000000"})


def test_codes_cannot_be_guessed_by_signing_in_again_nor_from_many_addresses():
    people.operator(app=True, codes=True)
    found = []
    for n in range(5):
        guess(f"192.0.2.{n}")
        browser = people.browser(address=f"192.0.2.{0 if n == 0 else 99}")
        people.sign_in(browser)
        if n in (0, 4):
            answer = browser.post(SECOND, {"code": people.code()})
            found.append("Too many attempts" in answer.content.decode())

    assert found == [True, True]
    assert not is_in(browser)


def test_who_guesses_codes_keeps_the_owner_neither_from_signing_in_nor_from_what_helps():
    person = people.operator(app=True, codes=True)
    here = people.browser(person, address="198.51.100.1")
    guess("192.0.2.1")
    people.leave_alone(here, 3600)
    elsewhere = people.browser(address="198.51.100.2")
    people.sign_in(elsewhere)

    here.post("/admin/account/confirm/code/", {"code": people.recovery_codes(person)[0]})
    elsewhere.post(SECOND, {"code": people.recovery_codes(person)[0]})

    assert here.get("/admin/password_change/").status_code == 200
    assert is_in(elsewhere)


@pytest.mark.parametrize("lose", ["password", "is_active", "is_staff", "is_superuser", "group"])
def test_what_changes_between_the_two_steps_ends_the_sign_in(lose):
    groups.sync()
    person = people.operator(app=True)
    viewer = Group.objects.get(name="Viewer")
    person.groups.add(viewer)
    browser = people.browser()
    people.sign_in(browser)

    if lose == "password":
        person.set_password("another one")
    elif lose == "group":
        person.groups.remove(viewer)
    else:
        setattr(person, lose, False)
    person.save()
    answer = browser.post(SECOND, {"code": people.code()})
    person.is_active = person.is_staff = person.is_superuser = True
    person.save()

    assert answer["Location"] == "/admin/login/"
    assert not is_in(browser)
    assert browser.get(SECOND)["Location"] == "/admin/login/"


NO_KEYS = (
    "", "x", "{}", "[]", '{"id": "a", "response": {}}', "[" * 200_000, "[" * 19_000, '{"a":' * 3_900,
    "1" * 5_000,
)  # fmt: skip


@pytest.mark.parametrize("credential", NO_KEYS, ids=lambda value: value[:3] + str(len(value)))
@pytest.mark.parametrize("door", ["mfa_authenticate", "mfa_login_webauthn"])
def test_what_is_no_key_is_refused(credential, door):
    people.operator(app=True)
    browser = people.browser()
    people.sign_in(browser)

    browser.raise_request_exception = False

    answer = browser.post(reverse(door), {"credential": credential})

    assert answer.status_code in (200, 302)
    assert not is_in(browser)


def test_without_the_password_there_is_no_second_factor_to_try():
    people.operator(app=True)

    answer = people.browser().post(SECOND, {"code": people.code()})

    assert answer["Location"] == "/admin/login/"


@pytest.mark.parametrize("field", ["is_active", "is_staff"])
def test_who_may_no_longer_sign_in_is_not_let_in_by_the_second_factor(field):
    person = people.operator(app=True)
    browser = people.browser()
    people.sign_in(browser)
    setattr(person, field, False)
    person.save()

    browser.post(SECOND, {"code": people.code()})

    assert not is_in(browser)


def test_asked_again_one_answers_by_the_password_or_the_second_factor_if_there_is_one():
    wanted = "/admin/auth/user/add/"
    plain, strong = people.operator("ann"), people.operator("bob", app=True)
    found = []
    for person in (plain, strong):
        browser = people.browser(person)
        people.leave_alone(browser, 3600)
        asked = browser.get(wanted)["Location"]
        key = browser.session.session_key
        wrong = browser.post(asked, {"password": "wrong", "code": "000000", "next": wanted})
        right = browser.post(asked, {"password": "right", "code": people.code(), "next": wanted})
        found.append((asked.partition("?")[0], wrong.status_code, right["Location"]))
        assert browser.get(wanted).status_code == 200
        assert browser.session.session_key != key

    assert found == [
        ("/admin/account/confirm/", 200, wanted),
        ("/admin/account/confirm/code/", 200, wanted),
    ]


def test_who_has_a_second_factor_cannot_choose_the_password_instead():
    browser = people.browser(people.operator(app=True))
    people.leave_alone(browser, 3600)

    browser.post("/admin/account/confirm/", {"password": "right"})

    assert browser.get("/admin/auth/user/add/").status_code == 302


@pytest.mark.parametrize("field", ["password", "code"])
def test_being_asked_again_lets_nobody_guess(field):
    browser = people.browser(people.operator(app=field == "code"))
    page = reverse("account_reauthenticate" if field == "password" else "mfa_reauthenticate")
    for _ in range(MOST):
        browser.post(page, {field: "000000"})
    people.leave_alone(browser, 3600)

    answer = browser.post(page, {field: "right" if field == "password" else people.code()})

    assert "Too many attempts" in answer.content.decode()
    assert browser.get("/admin/auth/user/add/").status_code == 302


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def answer_of_a_key(browser, **changed: str) -> str:
    """Of the right form, to the challenge that was set, signed by nobody."""
    options = browser.get(reverse("mfa_login_webauthn")).json()["request_options"]["publicKey"]
    told = {
        "type": "webauthn.get",
        "challenge": options["challenge"],
        "origin": "https://testserver",
    }
    response = {
        "clientDataJSON": encoded(json.dumps(told).encode()),
        "authenticatorData": encoded(sha256(b"testserver").digest() + b"\x05" + bytes(4)),
        "signature": encoded(b"x" * 70),
        "userHandle": encoded(b"1"),
    }
    names = {"id": encoded(b"k"), "rawId": encoded(b"k"), "type": "public-key"}
    return json.dumps(names | {"response": response | changed})


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"userHandle": encoded(b"9" * 40)},
        {"userHandle": encoded(b"\0")},
        {"userHandle": encoded("é".encode())},
        {"userHandle": "%%"},
        {"authenticatorData": encoded(b"short")},
        {"authenticatorData": encoded(bytes(32) + b"\xc5" + bytes(4))},
        {"clientDataJSON": encoded(b"[]")},
        {"clientDataJSON": encoded(b"\xff")},
        {"signature": ""},
    ],
)
def test_a_forged_answer_of_a_passkey_lets_nobody_in(changed):
    people.operator(app=True)
    browser = people.browser(raise_request_exception=False)

    answer = browser.post(
        reverse("mfa_login_webauthn"), {"credential": answer_of_a_key(browser, **changed)}
    )

    assert answer["Location"] == "/admin/login/"
    assert "This was not accepted" in browser.get("/admin/login/").content.decode()
    assert not is_in(browser)


@pytest.mark.parametrize(
    "attestation", [b"", b"\xff", b"\xa0", b"\xbf\xff", b"\xa1cfmtdnone", b"\x9f" * 500]
)
def test_a_forged_new_key_is_refused(attestation):
    person = people.operator()
    browser = people.browser(person, raise_request_exception=False)
    browser.get(reverse("mfa_add_webauthn"))
    response = {"clientDataJSON": encoded(b"{}"), "attestationObject": encoded(attestation)}
    key = {"id": "aw", "rawId": "aw", "type": "public-key", "response": response}

    answer = browser.post(reverse("mfa_add_webauthn"), {"name": "x", "credential": json.dumps(key)})

    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


def test_strangers_begin_few_sessions_for_passkeys():
    answers = [
        people.browser().get(reverse("mfa_login_webauthn")).status_code for _ in range(MOST + 3)
    ]

    assert answers == [200] * MOST + [429] * 3
    assert Session.objects.count() == MOST


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_s_page_uses_up_nobody_s_passkey_attempts(site):
    for _ in range(MOST + 1):
        foreign = people.browser().get(
            reverse("mfa_login_webauthn"), headers={"Sec-Fetch-Site": site}
        )

    assert foreign.status_code == 403
    assert people.browser().get(reverse("mfa_login_webauthn")).status_code == 200
