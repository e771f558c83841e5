"""Which passwords are taken, wherever one is set."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError

from ghost.accounts.password_rules import LEAST, MOST

OLGA = User(username="olga", email="olga.k@example.org", last_name="Kowalewska")


def codes(password: str) -> set[str]:
    try:
        validate_password(password, OLGA)
    except ValidationError as error:
        return {str(each.code) for each in error.error_list}
    return set()


@pytest.mark.parametrize(
    "password",
    [
        "correct horse staple",
        "only lower case words",
        "83650271946385027",
        "ünïcödé sätze gehen",
        "密码可以是十五个以上的汉字的句子吧",
        "x7$Kd!92mQ@zPw4#",
        " spaces at the ends ",
        "tiger walks along",
        "w" + "o" * 3 + "rd of " + "many" * 50,
    ],
)
def test_what_is_long_and_not_common_is_taken(password):
    assert codes(password) == set()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x" * (LEAST - 1), "password_too_short"),
        ("correct horse " * 20, "password_too_long"),
        ("manchesterunited", "password_too_common"),
        ("passwordpassword", "password_too_common"),
        ("Password12345678!", "password_too_common"),
        ("!!!2026 ghost 2026!!!", "password_too_common"),
        ("olga1234567890123", "password_too_common"),
        ("kowalewska-2026-01", "password_too_common"),
        ("aaaaaaaaaaaaaaaaaa", "password_too_common"),
        ("abcabcabcabcabcab", "password_too_common"),
        ("123456789012345", "password_too_common"),
        ("987654321098765", "password_too_common"),
        ("qwertyuiopasdfgh", "password_too_common"),
        ("abcdefghijklmnop", "password_too_common"),
        ("qwerty1234567890", "password_too_common"),
        ("olga.k@example.org", "password_too_similar"),
    ],
)
def test_what_is_guessed_first_is_refused(password, code):
    assert code in codes(password)


def test_the_length_is_counted_in_characters():
    assert codes("señal única aqu"[:LEAST]) == set()
    assert "password_too_long" in codes("señal única aquí " * 16)
    assert codes(("señal única aquí " * 16)[:MOST].strip()) == set()


def test_a_huge_password_costs_nothing_to_refuse(django_assert_num_queries):
    assert codes("ab" * 500_000) == {"password_too_long"}


def test_the_rules_are_told_and_ask_for_no_composition():
    told = " ".join(map(str, password_validators_help_texts()))

    assert f"{LEAST} to {MOST} characters" in told
    assert not {"digit,", "upper", "lower", "symbol"} & set(told.lower().split())
