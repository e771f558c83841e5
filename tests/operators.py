"""People who sign in to the admin."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from teams import groups


def client(group: str | None = None) -> Client:
    """A signed-in client: of that group, or of a superuser."""
    name = (group or "root").lower()
    person = User.objects.create_user(
        name, password=None, is_staff=True, is_superuser=group is None
    )
    if group:
        groups.sync()
        person.groups.add(Group.objects.get(name=group))
    browser = Client()
    browser.force_login(person)
    return browser


def list_of(model: str) -> str:
    """The address of a model's list, such as `resources_resource`."""
    return reverse(f"admin:{model}_changelist")


def form_of(model: str, pk: object) -> str:
    """The address of a row's form."""
    return reverse(f"admin:{model}_change", args=(pk,))


def act(browser: Client, model: str, action: str, *rows, **fields):
    """Run one of the list's actions on some rows, by POST."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]} | fields
    return browser.post(list_of(model), data)


def told(response) -> list[str]:
    """The messages that the next page shows."""
    return [str(message) for message in response.wsgi_request._messages]
