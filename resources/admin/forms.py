"""Fields of the operators' forms."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from ghost.core.errors import RefusedError
from resources import provenance, tags
from resources.admin import checksums
from resources.models import Category, Resource
from resources.torrents import magnets

_TAG = re.compile(r'\s*"([^"]*)"\s*|([^,，]+)')
INDENT = "\N{EM SPACE}"


class TagsField(forms.CharField):
    """A list of tags as words between commas; a tag with a comma in it stands in quotes."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """The list as text; what was typed stays as it is."""
        if not isinstance(value, list):
            return value
        return ", ".join(f'"{tag}"' if "," in tag or "，" in tag else tag for tag in value)

    def to_python(self, value: Any) -> Any:
        """The text as a list."""
        if isinstance(value, list):
            return value
        found = [quoted or plain for quoted, plain in _TAG.findall(value or "")]
        try:
            return tags.clean(found)
        except RefusedError as error:
            raise ValidationError(str(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


class ChecksumsField(forms.CharField):
    """A list of checksums, one a line, as `sha256sum` and its like print them."""

    widget = UnfoldAdminTextareaWidget({"rows": 4, "spellcheck": "false", "class": "ghost-code"})

    def prepare_value(self, value: Any) -> Any:
        """The list as lines; what was typed stays as it is."""
        return checksums.lines(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The lines as a list."""
        if isinstance(value, list):
            return value
        try:
            return provenance.clean_checksums(checksums.read(value or ""))
        except RefusedError as error:
            raise ValidationError(str(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


class ResourceForm(forms.ModelForm[Resource]):
    """A resource, with its tags as one line and its checksums as lines."""

    tags = TagsField(
        label=_("Tags"),
        required=False,
        help_text=_("Separated by commas. At most 30, each of at most 60 characters."),
    )
    checksums = ChecksumsField(
        label=_("Checksums"),
        required=False,
        help_text=_(
            "One per line, as sha256sum prints them: the value, then the file if there are several."
            " MD5, SHA-1, SHA-256 and SHA-512 are recognised by their length; for the others put"
            " “blake3:” or “blake2b:” before the value."
        ),
    )

    class Meta:
        model = Resource
        fields = "__all__"  # noqa: DJ007  # the admin's fieldsets name them
        widgets = {
            "magnet_uri": UnfoldAdminTextareaWidget({"rows": 3}),
            "content_markdown": UnfoldAdminTextareaWidget({"rows": 14}),
        }

    def store_also(self, row: Resource, *, by: str) -> None:
        """Once the row is stored: what the form asks for beyond its columns (`ask_also`)."""

    def clean_published_at(self) -> datetime | None:
        """Inputs know no microseconds: what nobody changed stays to the last of them."""
        given: datetime | None = self.cleaned_data["published_at"]
        kept = self.instance.published_at
        return kept if kept and kept.replace(microsecond=0) == given else given


class SendBackForm(forms.Form):
    """Why something can't be published as it is."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 4, "autofocus": True}),
        help_text=_("For its publisher, who sees it with the resource; it is never published."),
    )


class ReasonForm(forms.Form):
    """Why something is taken down."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=UnfoldAdminTextareaWidget({"rows": 4, "autofocus": True}),
        help_text=_("For operators; it is kept with the resource and on the blocklist."),
    )


def tree_choices(empty: object = None) -> list[tuple[Any, str]]:
    """The categories in tree order, indented, as choices."""
    first = [("", str(empty))] if empty is not None else []
    return first + [
        (place.category.pk, INDENT * place.depth + place.category.name)
        for place in Category.objects.tree()
    ]


class HashField(forms.CharField):
    """An info-hash in any spelling, brought to the one that is stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"max_length": None})

    def to_python(self, value: Any) -> Any:
        """Lower-case hexadecimal digits, whatever the spelling."""
        text = super().to_python(value)
        try:
            return magnets.normal_hash(text) if text else text
        except RefusedError as error:
            raise ValidationError(str(error)) from error
