"""The operators' site: its content security policy, and what all of its pages share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import unfold.decorators
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.text import capfirst
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from ghost.core.audit import trail
from ghost.core.audit.admin_mixin import AuditedAdmin
from ghost.core.audit.models import AuditEvent
from ghost.core.errors import GhostError

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import TabularInline as _TabularInline

    _ModelForm = forms.ModelForm[Any]
else:  # subscriptable by django_stubs_ext, as Django's own are
    from unfold.admin import ModelAdmin as _ModelAdmin
    from unfold.admin import TabularInline as _TabularInline

    _ModelForm = object  # what it is mixed into is one


M = TypeVar("M", bound=models.Model)
F = TypeVar("F", bound=Callable[..., Any])

# Alpine, on which unfold is built, evaluates strings, and unfold sets its colours in a <style>.
# Only these pages may do so.
_policy: Any = csp_replace({"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]})


class GhostAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """unfold's site, under a policy of its own."""

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Any page of the admin, with the policy that unfold needs. None says by itself who may keep it,
        `cacheable` or not: `ghost.core.http.transport.cache_control` does."""
        return _policy(super().admin_view(view, cacheable=True))  # type: ignore[no-any-return]  # csp has no types

    def open_view(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """A page for people who are not signed in yet, with the same policy; no cache keeps it."""
        return _policy(never_cache(view))  # type: ignore[no-any-return]  # csp has no types

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Signs out; the browser is to forget what it has seen (W3C Clear Site Data). The language stays, in a
        cookie."""
        response: HttpResponse = super().logout(request, extra_context)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One's own password, told to the audit trail as another person's is."""
        response = super().password_change(request, extra_context)
        if isinstance(response, HttpResponseRedirect):
            who: Any = request.user
            trail.record("user.change", who, {"password": "old"}, {"password": "new"})
        return response  # type: ignore[no-any-return]  # unfold has no types


class Choice(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's takes none at run time
    """One row of many. Widgets that look up what was typed would fail on what can't be a key."""

    def prepare_value(self, value: Any) -> Any:
        """What was typed is shown again only if it names a row."""
        shown = super().prepare_value(value)
        if isinstance(shown, str):
            try:
                self.to_python(shown)
            except ValidationError:
                return None
        return shown


class Choices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # as above
    """A choice of several rows, from a list that may be long."""

    def clean(self, value: Any) -> Any:
        """The rows; a number that no database can hold names none."""
        try:
            return super().clean(value)
        except OverflowError as error:
            told = self.error_messages["invalid_choice"]
            raise ValidationError(told, params={"value": value}) from error


class _Refused(_ModelForm):
    """A valid form whose row could not be saved: it says why, and keeps what was typed."""

    refusal: Exception

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and not self.errors:
            field = getattr(self.refusal, "field", "")
            self.add_error(field if field in self.fields else None, sentences(self.refusal))


class ModelAdmin(AuditedAdmin[M], _ModelAdmin[M]):
    """The base of ours: what the catalog refuses is told as a message, never as a 500."""

    list_per_page = 50
    list_fullwidth = True
    list_horizontal_scrollbar_top = False
    warn_unsaved_form = True
    has_trail = True
    """Whether the audit trail tells the history of these rows."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit trail has of this row, also if it is gone; Django's for all others."""
        has_trail = self.has_trail and admin.site.is_registered(AuditEvent)
        trail: Any = admin.site.get_model_admin(AuditEvent) if has_trail else None
        if not (trail and trail.has_view_permission(request)):
            return super().history_view(request, object_id, extra_context)
        wanted = {"object_type": str(self.opts.model_name), "object_key": unquote(object_id)}
        return HttpResponseRedirect(f"{trail.list_url()}?{urlencode(wanted)}")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The row; None, too, for a key that PostgreSQL can't even be asked for."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def get_actions(self, request: HttpRequest) -> Any:
        """Without `delete_selected`: it goes past the rows' own rules."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What only shows when saving (somebody was faster) comes back in the form."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (ValidationError, GhostError) as error:
            request.refusal = error  # type: ignore[attr-defined]  # for `get_form`
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """With the reason for which saving failed a moment ago."""
        form = super().get_form(request, *args, **kwargs)
        refusal = getattr(request, "refusal", None)
        return type(form.__name__, (_Refused, form), {"refusal": refusal}) if refusal else form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A field that stands any text."""
        return super().formfield_for_foreignkey(
            db_field, request, **{"form_class": Choice} | kwargs
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """With `Choices`, which refuses numbers that no database can hold."""
        return super().formfield_for_manytomany(
            db_field, request, **{"form_class": Choices} | kwargs
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in, as far as it fits the fields."""
        given: Mapping[str, Any] = super().get_changeform_initial_data(request)
        return {name: value for name, value in given.items() if self._fits(name, value)}

    def _fits(self, name: str, value: Any) -> bool:
        try:
            field: Any = self.opts.get_field(name)
            if field.many_to_many and field.concrete:
                field.formfield(form_class=Choices).clean(value)
            elif field.concrete:
                field.clean(value, None)
        except (FieldDoesNotExist, ValidationError):
            return False
        return bool(field.concrete)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No regular expressions: some are none, and some take for ever."""
        return "regex" not in lookup and super().lookup_allowed(lookup, value, request)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """A list whose address asks for what can't be is shown without these filters."""
        try:
            return super().get_changelist_instance(request)
        except (ValueError, OverflowError, DataError) as error:
            if not request.GET:
                raise  # the address is not to blame
            raise IncorrectLookupParameters from error

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[M], search_term: str
    ) -> tuple[models.QuerySet[M], bool]:
        """PostgreSQL takes no zero bytes."""
        return super().get_search_results(request, queryset, search_term.replace("\0", ""))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A refusal to delete comes back as a message."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except (ValidationError, GhostError) as error:
            return self._told(request, error)

    def _told(self, request: HttpRequest, error: Exception) -> HttpResponse:
        for sentence in sentences(error):
            self.message_user(request, sentence, messages.ERROR)
        return redirect(request.get_full_path())

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Only the rows themselves: what hangs on them is the matter of their own methods."""
        rows = list(objs)
        name = str(self.opts.verbose_name_plural)
        return [str(row) for row in rows], {name: len(rows)}, set(), []

    @contextmanager
    def telling(self, request: HttpRequest) -> Iterator[None]:
        """What the rows refuse within is told as a message."""
        try:
            yield
        except (ValidationError, GhostError) as error:
            for sentence in sentences(error):
                self.message_user(request, sentence, messages.ERROR)

    def ask(
        self, request: HttpRequest, title: object, template: str, **context: object
    ) -> HttpResponse:
        """The page on which an action asks before it acts: an heir of admin/ghost/ask.html.

        `nothing` in the context is a sentence for when there is nothing to do.
        """
        asked = {
            "action": request.POST["action"],
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "next": self.back(request).url,
        }
        return TemplateResponse(request, template, self.page(request, title, **asked, **context))

    def page(self, request: HttpRequest, title: object, **context: object) -> dict[str, Any]:
        """The context of a page of this admin that is not one of Django's."""
        return {
            **self.admin_site.each_context(request),
            "title": capfirst(str(title)),
            "opts": self.opts,
            "model_admin": self,
            "is_popup": False,
            "media": self.media,
            **context,
        }

    def list_url(self) -> str:
        """The address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def row_url(self, row: models.Model) -> str:
        """The address of one row."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=(row.pk,))

    def back(self, request: HttpRequest) -> HttpResponseRedirect:
        """To where the form was, if it says so, else to the list."""
        wanted = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return HttpResponseRedirect(wanted if is_ours else self.list_url())


class ReadOnlyAdmin(ModelAdmin[M]):
    """Rows that the program writes and people only look at."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        """Nobody's: the program writes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody's: the program writes these rows."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody's: the program keeps these rows."""
        return False


class ReadOnlyInline(_TabularInline[Any, Any]):
    """A table of related rows, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody's: the program writes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody's: the program writes these rows."""
        return False


def display(**options: Any) -> Callable[[F], F]:
    """unfold's `display` with its types: Django's own, and `header` (a title over a subtitle)."""
    return unfold.decorators.display(**options)  # type: ignore[no-any-return]  # unfold has no types


def badge(text: object, colour: str = "") -> str:
    """A word on a coloured ground, for lists and forms: `success`, `info`, `warning`, `danger`."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": colour})


def sentences(error: Exception) -> list[str]:
    """What went wrong, for people."""
    return error.messages if isinstance(error, ValidationError) else [str(error)]


def register(*models_: type[models.Model]) -> Callable[[type[Any]], type[Any]]:
    """`admin.register`, in place of whatever an app has registered for these models."""

    def decorate(cls: type[Any]) -> type[Any]:
        for model in models_:
            if admin.site.is_registered(model):
                admin.site.unregister(model)
            admin.site.register(model, cls)
        return cls

    return decorate
