"""What the endpoints of resources share: whose row it is, and how an answer names its version."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Status

from ghost.core.http import idempotency
from resources.models import Resource
from resources.publishing import etags
from resources.publishing import publish as submissions
from teams.auth import TokenRequest

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(?P<seconds>[0-9]{1,9})"?\s*(?:$|[,;])', re.IGNORECASE)


def seen(request: TokenRequest, resource_id: int) -> Resource:
    """404 if there is none, 403 if it is out of the token's scope."""
    row = get_object_or_404(Resource.objects.select_related("publisher"), pk=resource_id)
    row.require_sight_by(request.auth)
    row.viewer = request.auth
    return row


def changeable(request: TokenRequest, resource_id: int) -> Resource:
    """404 if there is none, 403 if this token may not change it."""
    row = seen(request, resource_id)
    row.require_change_by(request.auth)
    return row


def made_before(request: TokenRequest, error: ValidationError) -> Resource:
    """What this very request made before its process died; else its error again."""
    since = idempotency.begun_at(request)
    row = submissions.made_before(error, by=request.auth, since=since)
    if row is None:
        raise error
    return row


def created(row: Resource, response: HttpResponse) -> Status[Resource]:
    """201 with the new resource, and where it lies."""
    response["Location"] = f"/api/resources/{row.pk}"
    return Status(201, versioned(row, response))


def versioned(row: Resource, response: HttpResponse) -> Resource:
    """The resource, with its version in `ETag`."""
    response["ETag"] = etags.etag(row)
    return row


def patience_s(prefer: str, response: HttpResponse, *, is_required: bool) -> float:
    """How long to wait for a probe: to its end, or for the N of `Prefer: wait=N` (RFC 7240).

    That a preference is honoured is said in the answer.
    """
    if is_required:
        return submissions.TO_THE_END
    found = _WAIT.search(prefer)
    if found is None:
        return 0
    response["Preference-Applied"] = "wait"
    return int(found["seconds"])
