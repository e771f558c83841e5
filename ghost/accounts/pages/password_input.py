"""Fields for passwords: what is typed can be shown, pasted, and filled in by a password manager."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminPasswordWidget


class PasswordInput(UnfoldAdminPasswordWidget):  # type: ignore[misc]  # unfold has no types
    """With a button that shows what was typed."""

    template_name = "admin/account/password_input.html"

    def _render(
        self, template_name: str, context: dict[str, Any], renderer: object = None
    ) -> SafeString:
        """By the project's templates; forms look for theirs in those of apps alone."""
        return render_to_string(template_name, context)


def with_shown_passwords(form: forms.BaseForm) -> None:
    """Let each password of a form be shown."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.PasswordInput):
            attrs = {name: value for name, value in field.widget.attrs.items() if name != "class"}
            field.widget = PasswordInput(attrs)
            field.widget.is_required = field.required
