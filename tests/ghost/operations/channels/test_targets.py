"""Who is told: by variable, or every operator who has an address."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from pydantic import SecretStr

from ghost.operations.channels import targets

pytestmark = pytest.mark.django_db


def person(name: str, *, email: str = "", group: str = "", **values: Any) -> User:
    user = User.objects.create_user(name, email, is_staff=True, **values)
    if group:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


def test_operators_with_an_address_are_told_where_nobody_is_named(configure):
    configure(email_url="console:")
    person("ada", email="ada@example.org", is_superuser=True)
    person("bob", email="bob@example.org", group="Operator", is_superuser=True)
    person("eve", email="eve@example.org", group="Viewer")
    person("zoe", group="Operator")
    person("old", email="old@example.org", group="Operator", is_active=False)

    found = targets.readers()

    assert [each.address for each in found] == ["ada@example.org", "bob@example.org"]
    assert [each.name for each in found] == ["operator:ada", "operator:bob"]


@pytest.mark.parametrize(("named", "told"), [(("a@b.example",), ["a@b.example"]), (("none",), [])])
def test_those_who_are_named_are_told_instead(configure, named, told):
    configure(email_url="console:", alert_recipients=named)
    person("ada", email="ada@example.org", is_superuser=True)

    assert [each.address for each in targets.readers()] == told


def test_nobody_is_told_by_mail_that_is_not_set_up(configure):
    configure(alert_recipients=("ada@example.org",))

    assert targets.everybody() == []


def test_an_address_that_is_none_is_no_name_either(configure):
    configure(alert_urls=SecretStr("s3cret"), alert_webhooks=SecretStr("s3cret"))

    assert {each.name[:2] for each in targets.everybody()} == {"?#"}


def test_two_webhooks_of_one_host_are_two_targets(configure):
    configure(alert_webhooks=SecretStr("https://a.example/1 https://a.example/2"))

    first, second = targets.everybody()

    assert first.name != second.name
    assert targets.find("webhook", second.name) == second
