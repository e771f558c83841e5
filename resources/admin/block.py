"""The blocklist, as operators keep it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from ghost.core.admin.model_admin import ModelAdmin, display
from ghost.core.admin.operators_named import NamesOperators
from ghost.core.audit import people
from resources.admin.forms import HashField
from resources.models import Block, Resource

V1_DIGITS = 40


@admin.register(Block)
class BlockAdmin(NamesOperators[Block], ModelAdmin[Block]):
    naming_fields = frozenset({"created_by"})
    list_display = ["info_hash", "kind", "reason", "shown_creator", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["^info_hash", "reason", "created_by"]
    search_help_text = _("Start of an info-hash, reason, or who blocked it")
    fields = ["info_hash", "reason", "shown_creator", "created_at"]
    readonly_fields = ["shown_creator", "created_at"]

    @display(description=_("by"), ordering="created_by")
    def shown_creator(self, row: Block) -> str | None:
        """An operator, a token or a command; nothing for who may not know operators."""
        return row.created_by if people.can_see_people() else None

    @display(description=_("kind"), label=True)
    def kind(self, row: Block) -> str:
        return "v1" if len(row.info_hash) == V1_DIGITS else "v2"

    def get_readonly_fields(self, request: HttpRequest, obj: Block | None = None) -> Any:
        """The hash is what a block is: another one is another block."""
        return [*self.readonly_fields, *(["info_hash"] if obj else [])]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "info_hash":
            kwargs["form_class"] = HashField
            kwargs["widget"] = UnfoldAdminTextInputWidget
            kwargs["help_text"] = _("40 or 64 hexadecimal or 32 base32 characters.")
        if db_field.name == "reason":
            kwargs["widget"] = UnfoldAdminTextareaWidget({"rows": 4})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Block, form: Any, change: bool) -> None:
        obj.created_by = obj.created_by or request.user.get_username()
        super().save_model(request, obj, form, change)
        for row in Resource.objects.standing().twins_of(obj.info_hash):
            told = _("“%s” has this hash and stays public until it is taken down.") % row.title
            self.message_user(request, told, messages.WARNING)
