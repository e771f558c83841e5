"""Who may sign in to the admin, and in which groups."""

from __future__ import annotations

from functools import partial
from typing import Any

# Their own registrations come first, so that ours can take their place.
import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin
import django.contrib.auth.admin
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ghost.accounts import rights
from ghost.accounts.pages.password_input import with_shown_passwords
from ghost.admin import person_account
from ghost.core.admin.model_admin import ModelAdmin, display, register
from ghost.core.errors import OutageError

# Secrets and keys of sessions are nobody's to read.
admin.site.unregister(allauth.account.admin.EmailAddress)
admin.site.unregister(allauth.mfa.admin.Authenticator)
admin.site.unregister(allauth.usersessions.admin.UserSession)


class PersonForm(UserCreationForm):  # type: ignore[misc]  # unfold has no types
    """Of a new person, whose password was hashed before the transaction that writes it began."""

    password_hash = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with_shown_passwords(self)

    def set_password_and_save(
        self, user: User, commit: bool = True, **names: str
    ) -> User:  # Django's
        """Django's, without hashing again."""
        if not (self.password_hash and self.cleaned_data["set_usable_password"]):
            same: User = super().set_password_and_save(user, commit=commit, **names)
            return same
        user.password = self.password_hash
        if commit:
            user.save()
        return user


class OtherPasswordForm(AdminPasswordChangeForm):  # type: ignore[misc]  # unfold has no types
    """Another person's new password, which can be shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with_shown_passwords(self)


@register(User)
class UserAdmin(django.contrib.auth.admin.UserAdmin, ModelAdmin[User]):  # type: ignore[type-arg]  # Django's takes none at run time
    form = UserChangeForm
    add_form = PersonForm
    change_password_form = OtherPasswordForm
    list_display = ["username", "email", "shown_groups", "is_active", "is_superuser", "last_login"]
    warn_unsaved_form = False
    change_form_outer_before_template = "admin/account/person_buttons.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(person_account.show, self))
        return [
            path("<path:object_id>/account/", view, name="auth_user_account"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and rights.can_edit(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and rights.can_edit(request.user, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who is no superuser makes none, and gives nobody rights but by groups."""
        found = super().get_readonly_fields(request, obj)
        return found if request.user.is_superuser else [*found, "is_superuser", "user_permissions"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nobody gives a group that may more than they themselves."""
        if db_field.name == "groups":
            kwargs["queryset"] = rights.groups_to_give(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """To hash takes a third of a second, in which nobody else could write."""
        if request.method == "POST" and self.has_add_permission(request):
            try:
                request.password_hash = make_password(request.POST.get("password1"))  # type: ignore[attr-defined]  # for `get_form`
            except OutageError as error:
                request.refusal = error  # type: ignore[attr-defined]  # for the one above it
        return super().add_view(request, form_url, extra_context)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # Django's
        form: Any = super().get_form(request, *args, **kwargs)  # a class made for this request
        form.password_hash = getattr(request, "password_hash", "")
        return form

    @display(description=_("groups"), label=True)
    def shown_groups(self, row: User) -> list[str]:
        return [group.name for group in row.groups.all()]


@register(Group)
class GroupAdmin(django.contrib.auth.admin.GroupAdmin, ModelAdmin[Group]):
    list_display = ["name", "people"]
    warn_unsaved_form = False

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """What a group may decides what people may: whoever edits groups may everything."""
        return super().has_change_permission(request, obj) and bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Who must have a second factor may hang on it."""
        return super().has_delete_permission(request, obj) and bool(request.user.is_superuser)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Group]:
        return super().get_queryset(request).annotate(users_now=models.Count("user"))

    @display(description=_("people"), ordering="users_now")
    def people(self, row: Any) -> int:
        return int(row.users_now)
