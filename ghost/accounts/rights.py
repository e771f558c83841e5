"""Who may edit which person, and give which groups: only who may all that is given or taken over.

Else whoever edits people could sign in as somebody who may more.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db import models


def can_edit(editor: Any, person: User | None) -> bool:  # noqa: ANN401  # Django's union of users
    """Whether this person may be edited, given that people may be at all; None: nobody in particular."""
    if person is None or editor.is_superuser:
        return True
    beyond = permissions_of(person).exclude(pk__in=permissions_of(editor))
    return not person.is_superuser and not beyond.exists()


def groups_to_give(editor: Any) -> models.QuerySet[Group]:  # noqa: ANN401  # as above
    """Groups that may no more than the editor."""
    if editor.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(pk__in=permissions_of(editor))
    return Group.objects.exclude(permissions__in=beyond)


def permissions_of(user: Any) -> models.QuerySet[Permission]:  # noqa: ANN401  # as above
    """What somebody may, or would if active: by groups and directly."""
    theirs = models.Q(user=user.pk) | models.Q(group__user=user.pk)
    return Permission.objects.filter(theirs).order_by()
