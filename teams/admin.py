"""Tokens and teams, as operators see and issue them.

A raw token is shown on the page that answers the form, and nowhere else: that answer is not a
redirect, so that the value needs to be kept neither in the session nor in a cache, and it asks
not to be stored. Reloading it would issue another token, of which browsers warn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from ghost.core.admin.model_admin import ModelAdmin, ReadOnlyInline, badge, display
from ghost.core.http.transport import cache_control
from teams.models import Team, TeamQuerySet, Token, TokenQuerySet
from teams.roles import Role

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

ROLE_COLOURS = {Role.ADMIN: "danger", Role.PUBLISHER: "info"}
STATE_COLOURS = {
    "usable": "success", "inert": "warning", "expired": "warning", "revoked": "danger",
}  # fmt: skip
STATES: dict[str, _StrPromise] = {
    "usable": _("usable"),
    "inert": _("not activated"),
    "expired": _("expired"),
    "revoked": _("revoked"),
}


def state_of(token: Token) -> str:
    if token.revoked_at:
        return "revoked"
    return "inert" if token.is_inert else "usable" if token.is_usable else "expired"


class StateFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By whether a token opens the API."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: TokenQuerySet) -> TokenQuerySet:
        match self.value():
            case "usable":
                return queryset.usable()
            case "inert":
                return queryset.filter(revoked_at=None, is_inert=True)
            case "expired":
                ended = queryset.filter(revoked_at=None, expires_at__lte=timezone.now())
                return ended.filter(is_inert=False)
            case "revoked":
                return queryset.filter(revoked_at__isnull=False)
            case _:
                return queryset


class RevokeForm(forms.Form):
    cascade = forms.BooleanField(
        label=_("Revoke the tokens of their teams too"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Without this, members of a revoked publisher's teams keep their access."),
    )


class InviteForm(forms.Form):
    display_name = forms.CharField(
        label=_("Public name"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget({"autofocus": True}),
        help_text=_("Shown on the public site as the publisher."),
    )
    is_read_only = forms.BooleanField(
        label=_("Read-only"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("It can read, listen to events and search by Torznab, and nothing else."),
    )


class SecretMixin(ModelAdmin[Any]):
    """Answers with a raw token, once."""

    def show_secret(self, request: HttpRequest, token: Token, raw: str) -> HttpResponse:
        """The page with the raw token; it is kept nowhere."""
        return TemplateResponse(
            request,
            "admin/teams/secret.html",
            self.page(request, gettext("Token issued"), token=token, raw=raw, next=self.list_url()),
            headers={"Cache-Control": cache_control.SECRET},
        )


@admin.register(Token)
class TokenAdmin(SecretMixin):
    audits_itself = True
    list_display = [
        "display_name", "shown_prefix", "shown_role", "shown_team", "shown_state", "last_used_at",
        "expires_at", "created_at",
    ]  # fmt: skip
    list_select_related = ["scope_team__owner"]
    list_filter = [("role", ChoicesDropdownFilter), StateFilter, "is_read_only", "needs_review"]
    list_filter_submit = True
    search_fields = [
        "display_name", "name_key__holds", "^prefix", "^token_hash", "note", "scope_team__name_key__holds",
    ]  # fmt: skip
    search_help_text = _("Name, start of the token or of its hash, note, or team")
    autocomplete_fields = ["scope_team"]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    "role",
                    "display_name",
                    "scope_team",
                    "is_read_only",
                    "needs_review",
                    "expires_at",
                    "note",
                ],
                "description": _("The token itself is shown once, on the next page."),
            },
        )
    ]
    fields = [
        "display_name", "shown_prefix", "shown_role", "scope_team", "shown_state", "is_read_only",
        "needs_review", "note", "expires_at", ("created_at", "last_used_at", "revoked_at"), "token_hash",
    ]  # fmt: skip
    readonly_fields = [
        "shown_prefix", "shown_role", "scope_team", "shown_state", "is_read_only", "created_at",
        "last_used_at", "revoked_at", "token_hash",
    ]  # fmt: skip
    actions = ["activate", "revoke"]
    change_form_outer_before_template = "admin/teams/token_buttons.html"

    @display(description=_("starts with"))
    def shown_prefix(self, row: Token) -> str:
        return f"{row.prefix}…"

    @display(description=_("role"), ordering="role")
    def shown_role(self, row: Token) -> str:
        role = Role(row.role)
        mark = badge(role.label, ROLE_COLOURS.get(role, ""))
        also = badge(_("reviewed"), "warning") if row.needs_review else ""
        reads = badge(_("read-only"), "info") if row.is_read_only else ""
        return format_html('<span class="ghost-badges">{} {} {}</span>', mark, reads, also)

    @display(description=_("team"), ordering="scope_team__name", header=True)
    def shown_team(self, row: Token) -> list[str] | None:
        team = row.scope_team
        return [team.name, team.owner.display_name] if team else ["–", ""]

    @display(description=_("state"))
    def shown_state(self, row: Token) -> str:
        state = state_of(row)
        return badge(STATES[state], STATE_COLOURS[state])

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> Any:
        return self.readonly_fields if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The role that is given most often, not the strongest one."""
        return {"role": Role.PUBLISHER} | super().get_changeform_initial_data(request)

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        """Tokens are revoked: what they published keeps its publisher."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.store()
            return
        token, obj.raw = Token.objects.issue(
            Role(obj.role),
            obj.display_name,
            team_id=obj.scope_team_id,
            expires_at=obj.expires_at,
            note=obj.note,
            needs_review=obj.needs_review,
            is_read_only=obj.is_read_only,
        )
        for field in Token._meta.concrete_fields:
            setattr(obj, field.attname, getattr(token, field.attname))

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.show_secret(request, obj, obj.raw)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        context |= {"list_url": self.list_url(), "show_save_and_add_another": False}
        if not kwargs.get("obj"):
            context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description=_("Activate…"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: TokenQuerySet) -> HttpResponse | None:
        """Those that are ticked, and shown: never all that there are, of which an import may bring more."""
        keys = [key for key in request.POST.getlist(ACTION_CHECKBOX_NAME) if key.isdecimal()]
        rows = queryset.filter(pk__in=keys, is_inert=True, revoked_at=None)
        if "confirmed" not in request.POST:
            return self._ask_activate(request, list(rows.select_related("scope_team__owner")))
        with self.telling(request), transaction.atomic():
            self.note(request, [row.pk for row in rows], gettext("Activated"))
            count = rows.activate()
            self.message_user(
                request,
                ngettext("%d token activated.", "%d tokens activated.", count) % count,
                messages.SUCCESS,
            )
        return self.back(request)

    def _ask_activate(self, request: HttpRequest, rows: list[Token]) -> HttpResponse:
        return self.ask(
            request,
            gettext("Activate tokens"),
            "admin/teams/activate.html",
            rows=rows,
            has_admins=any(row.is_admin for row in rows),
            nothing="" if rows else gettext("None of these waits to be activated."),
        )

    @admin.action(description=_("Revoke…"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: TokenQuerySet) -> HttpResponse | None:
        rows = list(queryset.filter(revoked_at=None))
        if "confirmed" not in request.POST:
            return self._ask_revoke(request, rows)
        form = RevokeForm(request.POST)
        form.is_valid()
        count = 0
        with self.telling(request), transaction.atomic():
            for row in rows:
                count += row.revoke(cascade=form.cleaned_data["cascade"])
            self.note(request, [row.pk for row in rows], gettext("Revoked"))
            self.message_user(
                request,
                ngettext("%d token revoked.", "%d tokens revoked.", count) % count,
                messages.SUCCESS,
            )
        return self.back(request)

    def _ask_revoke(self, request: HttpRequest, rows: list[Token]) -> HttpResponse:
        dependants = Token.objects.filter(scope_team__owner__in=rows, revoked_at=None)
        return self.ask(
            request,
            gettext("Revoke tokens"),
            "admin/teams/revoke.html",
            form=RevokeForm(),
            rows=rows,
            dependants=dependants.count(),
            nothing="" if rows else gettext("All of these are revoked already."),
        )


class MemberInline(ReadOnlyInline):
    model = Token
    fields = ["display_name", "prefix", "created_at", "last_used_at", "revoked_at"]
    readonly_fields = ["display_name", "prefix", "created_at", "last_used_at", "revoked_at"]
    hide_title = True
    verbose_name = _("member")
    verbose_name_plural = _("members")


@admin.register(Team)
class TeamAdmin(SecretMixin):
    audits_itself = True
    list_display: list[Any] = ["name", "owner", "member_count", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "name_key__holds", "owner__name_key__holds"]
    autocomplete_fields = ["owner"]
    fields = ["name", "owner"]
    inlines = [MemberInline]
    counts = {
        "members_now": models.Count(
            "members", filter=models.Q(members__revoked_at=None), distinct=True
        )
    }
    actions = ["invite"]
    change_form_outer_before_template = "admin/teams/team_buttons.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Team]:
        found: models.QuerySet[Team] = super().get_queryset(request)
        return found.annotate(**self.counts)

    @classmethod
    def count_also(cls, column: Callable[[Any], int], *, of: str) -> None:
        """A column for how many rows of a room to the right, by that relation, a team has.

        It is annotated as `OF_now`; `column` is a `display` function of the row.
        """
        cls.counts[f"{of}_now"] = models.Count(of, distinct=True)
        cls.list_display.insert(-1, column)

    @display(description=_("members"), ordering="members_now")
    def member_count(self, row: Any) -> int:
        return int(row.members_now)

    def get_readonly_fields(self, request: HttpRequest, obj: Team | None = None) -> Any:
        """Who owns it decides who may publish into it: that stays."""
        return ["owner"] if obj else []

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        if change:
            obj.store()
        else:
            obj.add()

    def get_inlines(self, request: HttpRequest, obj: Team | None) -> Any:
        return self.inlines if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """Members and resources keep their team; revoke its tokens instead."""
        return False

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("teams.add_token"))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        context |= {
            "list_url": self.list_url(),
            "may_invite": self.has_invite_permission(request),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description=_("Invite a member…"), permissions=["invite"])
    def invite(self, request: HttpRequest, queryset: TeamQuerySet) -> HttpResponse | None:
        teams = list(queryset[:2])
        if len(teams) != 1:
            self.message_user(request, _("Choose one team."), messages.WARNING)
            return None
        form = InviteForm(request.POST if "display_name" in request.POST else None)
        if not form.is_valid():
            return self._ask_name(request, teams[0], form)
        try:
            token, raw = teams[0].invite(**form.cleaned_data)
        except ValidationError as error:
            form.add_error("display_name", error.messages)
            return self._ask_name(request, teams[0], form)
        self.note(request, [teams[0].pk], gettext("Invited %s") % token.display_name)
        return self.show_secret(request, token, raw)

    def _ask_name(self, request: HttpRequest, team: Team, form: InviteForm) -> HttpResponse:
        title, template = gettext("Invite a member"), "admin/teams/invite.html"
        return self.ask(request, title, template, form=form, team=team)
