"""manage.py createsuperuser, with the rules of passwords also where nobody is asked."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  # Django's
        """Django's. It looks at a password that is typed, but at none of the environment."""
        if not options["interactive"]:
            self._check_given(User(username=options["username"] or ""))
        super().handle(*args, **options)

    def _check_given(self, person: User) -> None:
        try:
            if password := os.environ.get("DJANGO_SUPERUSER_PASSWORD"):
                validate_password(password, person)
        except ValidationError as error:
            told = " ".join(error.messages)
            raise CommandError(f"DJANGO_SUPERUSER_PASSWORD: {told}") from error
