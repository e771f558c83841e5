"""What builds asks for in the form of a resource: its cover."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from builds import covers
from builds.covers import uploads
from builds.covers.pictures import DrawnCover
from resources.admin.forms import ResourceForm
from resources.models import Resource


class CoverField(forms.FileField):
    """A picture, decoded and drawn anew."""

    def clean(self, data: object, initial: object = None) -> DrawnCover | None:
        """What was uploaded, if anything was; ValidationError if it is no picture that we take."""
        file = super().clean(data, initial)
        if not file:
            return None
        try:
            return uploads.read(file.read(covers.MAX_BYTES + 1))
        except ValidationError as error:
            raise ValidationError(error.messages) from error


class CoveredForm(ResourceForm):
    """A resource with a cover that can be uploaded, and be removed again."""

    cover = CoverField(
        label=_("Upload a cover"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "JPEG, PNG, WebP, GIF or AVIF of at most 10 MB. It is used instead of the address."
        ),
    )
    remove_cover = forms.BooleanField(
        label=_("Remove the uploaded cover"), required=False, widget=UnfoldBooleanSwitchWidget
    )

    def store_also(self, row: Resource, *, by: str) -> None:
        """Take over the cover, or remove it, once the row is stored."""
        drawn = self.cleaned_data.get("cover")
        if drawn is not None:
            covers.upload(row, drawn, by=by)
        elif self.cleaned_data.get("remove_cover"):
            covers.remove(row, by=by)
