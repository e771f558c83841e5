"""Who may sign in to the admin, and in which groups."""

from __future__ import annotations

from typing import Any

# Its own registrations come first, so that `register` can take their place.
import django.contrib.auth.admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ghost.core.admin.model_admin import ModelAdmin, display, register


@register(User)
class UserAdmin(django.contrib.auth.admin.UserAdmin, ModelAdmin[User]):  # type: ignore[type-arg]  # Django's takes none at run time
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "shown_groups", "is_active", "is_superuser", "last_login"]
    warn_unsaved_form = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @display(description=_("groups"), label=True)
    def shown_groups(self, row: User) -> list[str]:
        return [group.name for group in row.groups.all()]


@register(Group)
class GroupAdmin(django.contrib.auth.admin.GroupAdmin, ModelAdmin[Group]):
    list_display = ["name", "people"]
    warn_unsaved_form = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Group]:
        return super().get_queryset(request).annotate(users_now=models.Count("user"))

    @display(description=_("people"), ordering="users_now")
    def people(self, row: Any) -> int:
        return int(row.users_now)
