"""manage.py createsuperuser, where nobody is asked."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def create(name: str) -> None:
    call_command(
        "createsuperuser",
        username=name,
        email="a@example.org",
        interactive=False,
        stdout=io.StringIO(),
    )


def test_a_password_of_the_environment_has_to_keep_the_rules(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "password")
    with pytest.raises(CommandError, match="This password is too short"):
        create("ann")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a battery of horses")
    create("ann")
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD")
    create("bob")

    assert User.objects.get(username="ann").check_password("a battery of horses")
    assert not User.objects.get(username="bob").has_usable_password()
