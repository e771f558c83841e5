import pytest
from allauth.mfa.models import Authenticator

from ghost.accounts.factors import second_factor_secrets
from tests.ghost.accounts import people


def test_a_secret_is_sealed_differently_each_time_and_opens_again():
    first, second = (
        second_factor_secrets.encrypt(people.SECRET),
        second_factor_secrets.encrypt(people.SECRET),
    )

    assert first != second
    assert {second_factor_secrets.decrypt(first), second_factor_secrets.decrypt(second)} == {
        people.SECRET
    }


@pytest.mark.parametrize("sealed", ["", "x", "AAAA", people.SECRET, "é"])
def test_what_was_not_sealed_here_does_not_open(sealed):
    with pytest.raises(second_factor_secrets.UnreadableSecretError):
        second_factor_secrets.decrypt(sealed)


@pytest.mark.django_db
def test_the_database_holds_no_secret_in_the_clear():
    person = people.operator(app=True, codes=True)
    codes = people.recovery_codes(person)

    stored = str(list(Authenticator.objects.values_list("data", flat=True)))

    assert people.SECRET not in stored
    assert not any(code in stored for code in codes)


@pytest.mark.django_db
def test_after_another_secret_key_it_is_told_and_the_account_page_still_opens(settings):
    person = people.operator(app=True, codes=True)
    settings.SECRET_KEY = "another key, which the second factor was not sealed with"
    browser = people.browser()
    people.sign_in(browser)

    answer = browser.post("/admin/account/second-factor/", {"code": "123456"})

    assert "the server&#x27;s key has changed" in answer.content.decode()
    browser.force_login(person)
    assert "10 codes are left" in browser.get("/admin/account/").content.decode()
