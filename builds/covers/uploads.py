"""Covers that people bring themselves: one entry point for the API and the admin."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from builds.covers import files, pictures
from builds.covers.fetching import MAX_BYTES
from builds.covers.pictures import DrawnCover
from builds.data import urls
from builds.models import Cover
from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.errors import OutageError, RefusedError
from resources.models import Resource, findings
from resources.publishing import visibility
from teams.models import Token

FIELD = "cover"
NAME_CHARS = 150


def read(body: bytes) -> DrawnCover:
    """What was uploaded, decoded and drawn anew; ValidationError that says why not."""
    if not body:
        raise ValidationError({FIELD: _("The file is empty.")})
    if len(body) > MAX_BYTES:
        raise ValidationError({FIELD: too_big()})
    try:
        return pictures.draw(body)
    except RefusedError as error:
        raise ValidationError({FIELD: str(error)}) from error


def too_big() -> str:
    """The sentence for a file that is."""
    return _("A cover may have at most %d MB.") % (MAX_BYTES // 1_000_000)


def upload(resource: Resource, picture: bytes | DrawnCover, *, by: Token | str) -> None:
    """Make this the resource's cover, and write so to the audit trail: it wins over the address
    until another address is set, or it is removed. `by` is a token, whose work may be reviewed,
    or an operator's name. ValidationError if it is no picture that we take; OutageError if it
    can't be kept."""
    drawn = read(picture) if isinstance(picture, bytes) else picture
    try:
        cover_digest = files.write(drawn)
    except OSError as error:
        raise OutageError(_("The cover can't be stored: %s.") % error.strerror) from error
    facts = {
        "digest": cover_digest,
        "width": drawn.width,
        "height": drawn.height,
        "source": "",
        "uploaded_by": (by.display_name if isinstance(by, Token) else by)[:NAME_CHARS],
        "attempts": 0,
        "fetched_at": timezone.now(),
        "drawing_version": pictures.VERSION,
    }
    with Catalog.turn():
        row = Resource.objects.select_for_update().get(pk=resource.pk)
        _ask_review_of(row, by)
        Cover.objects.update_or_create(resource=row, defaults=facts)
        findings.record_cover(row, urls.cover(row.pk).lstrip("/"), is_by_hand=True)
        trail.record("resource.upload_cover", row)
    resource.refresh_from_db()


def remove(resource: Resource, *, by: Token | str) -> bool:
    """Remove the cover that was uploaded, and write so to the audit trail; one at the address, if
    there is any, is fetched, and reviewed as an upload is.

    False if none was uploaded.
    """
    with Catalog.turn():
        row = Resource.objects.select_for_update().get(pk=resource.pk)
        if row.cover_uploaded_at is None:
            return False
        Cover.objects.filter(resource=row).delete()
        again_at = timezone.now() if row.cover_image_url else None
        findings.record_cover(row, None, again_at=again_at, is_by_hand=True)
        trail.record("resource.remove_cover", row)
        if row.cover_image_url:  # what lies there now is shown next
            _ask_review_of(row, by)
    resource.refresh_from_db()
    return True


def _ask_review_of(row: Resource, by: Token | str) -> None:
    if isinstance(by, Token):
        visibility.ask_review_of(row, by=by)
