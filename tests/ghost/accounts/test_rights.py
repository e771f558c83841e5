from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User

from ghost.accounts import rights

pytestmark = pytest.mark.django_db


def person(name: str, *groups: Group) -> User:
    made = User.objects.create_user(name)
    made.groups.set(groups)
    return made


def group(name: str, *codenames: str) -> Group:
    made = Group.objects.create(name=name)
    made.permissions.set(Permission.objects.filter(codename__in=codenames))
    return made


def test_who_may_more_is_not_edited_by_who_may_less():
    narrow, wide = group("narrow", "view_team"), group("wide", "view_team", "change_team")
    viewer, editor = person("v", narrow), person("e", wide)

    assert rights.can_edit(editor, viewer)
    assert rights.can_edit(editor, editor)
    assert not rights.can_edit(viewer, editor)


def test_a_superuser_is_edited_by_superusers_alone():
    root, editor = User.objects.create_superuser("root"), person("e")

    assert rights.can_edit(root, root)
    assert not rights.can_edit(editor, root)


def test_a_right_given_to_a_person_directly_counts_as_well():
    editor, other = person("e"), person("o")
    other.user_permissions.add(Permission.objects.get(codename="change_team"))

    assert not rights.can_edit(editor, other)


def test_groups_are_given_that_may_no_more_than_the_giver():
    narrow, wide = group("narrow", "view_team"), group("wide", "view_team", "change_team")
    giver = person("g", narrow)
    of_tests = Group.objects.filter(pk__in=[narrow.pk, wide.pk])

    given = rights.groups_to_give(giver) & of_tests
    by_root = rights.groups_to_give(User.objects.create_superuser("root")) & of_tests

    assert set(given) == {narrow}
    assert set(by_root) == {narrow, wide}
