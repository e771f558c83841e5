"""Resources and categories."""

from __future__ import annotations

import json
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from ninja.errors import HttpError

from ghost.core.heartbeats import workers
from ghost.core.http import idempotency, multipart, pagination, response_headers
from ghost.core.http.parameters import DryRun, IfMatch, IfNoneMatch, Prefer, Wait
from ghost.core.http.problems import problem_of
from ghost.core.http.schemas import problems
from ghost.core.text.notes import Notes
from resources import provenance, slugs
from resources.models import Category, Resource, list_index
from resources.publishing import bulk, etags, visibility
from resources.publishing import publish as submissions
from resources.schemas import (
    BulkItemOut,
    BulkOut,
    CategoryChange,
    CategoryId,
    CategoryIn,
    CategoryOut,
    CheckedOut,
    MetadataOut,
    PlaceOut,
    QueuedOut,
    ResourceChange,
    ResourceFilter,
    ResourceId,
    ResourceIn,
    ResourceItem,
    ResourceOut,
    SendBackIn,
    TakedownIn,
    TorrentIn,
)
from resources.states import ResourceSort
from resources.torrents import magnets, metainfo
from resources.torrents.metadata import Metadata
from teams.auth import Bearer, TokenRequest, charge
from teams.policy import Action

router = Router(tags=["resources"])
categories = Router(tags=["categories"])

_TORRENT = "The `.torrent` file: at most 64 MB and 40,000 files."
BYTES_A_REQUEST = 100_000
"""Of a `.torrent` file: it counts as one request more for each of these."""
_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(?P<seconds>[0-9]{1,9})"?\s*(?:$|[,;])', re.IGNORECASE)


@router.get(
    "",
    auth=Bearer(Action.RESOURCE_LIST),
    response={200: list[ResourceItem]},
    operation_id="resource_list",
    summary="List resources",
)
def list_resources(
    request: TokenRequest, response: HttpResponse, wanted: Query[ResourceFilter]
) -> list[Resource]:
    """List the resources in scope, newest first or in the order of `sort`: all for an Admin; its own and its teams' for a
    Publisher; its team's for a TeamMember.

    A page ends early when its descriptions come to about 4 MB: there is a next page whenever the answer
    has a `Link` header. Taken-down resources are listed only with `state=taken_down`.
    """
    rows = Resource.objects.in_scope(request.auth)
    matching = rows.matching(**wanted.model_dump(exclude={"limit", "cursor", "count", "sort"}))
    if wanted.count:
        pagination.count(matching, response)
    whole = Resource.objects.select_related("publisher").with_site_times()
    order = _order(wanted.sort)
    return pagination.cut_wide(matching, whole, _weight, wanted, request, response, order)


def _order(sort: ResourceSort) -> pagination.Order | None:
    column = sort.removeprefix("-")
    if sort == ResourceSort.NEWEST:
        return None
    return pagination.Order(column, sort.startswith("-"), list_index.PREFIX + column)


def _weight(row: Resource) -> int:
    return len(row.content_markdown) + sum(map(provenance.weight, row.checksums))


@router.post(
    "",
    auth=Bearer(Action.RESOURCE_CREATE),
    response={200: CheckedOut, 201: ResourceOut},
    operation_id="resource_create",
    summary="Publish a magnet link",
    openapi_extra=response_headers.on(201, "ETag", "Location"),
)
def create_resource(
    request: TokenRequest,
    response: HttpResponse,
    data: ResourceIn,
    prefer: Prefer = "",
    *,
    wait: Wait = False,
    dry_run: DryRun = False,
) -> Status[Resource]:
    """Publish a magnet link. The answer comes at once and the link is probed in the background: the
    resource is public as soon as a probe has succeeded.

    With `wait=true` or `Prefer: wait=N` the answer comes when the probe has ended; if it fails, the answer
    is `400` and nothing is kept. `409`: the torrent is listed already, or blocked.

    With `dry_run=true` nothing is probed and nothing kept: the answer is `200`, or the error.
    """
    values = data.model_dump(exclude_unset=True)
    if dry_run:
        return Status(200, submissions.check(values, by=request.auth))
    wait_s = _patience_s(prefer, response, is_required=wait)
    try:
        row = submissions.add(values, by=request.auth, wait_s=wait_s)
    except ValidationError as error:
        row = _made_before(request, error)
    return _created(row, response)


@router.post(
    "/bulk",
    auth=Bearer(Action.RESOURCE_CREATE),
    response={200: BulkOut},
    operation_id="resource_bulk_create",
    summary="Publish many magnet links",
    openapi_extra=bulk.SCHEMA | response_headers.on(200, "X-Request-Cost"),
)
def create_many(
    request: TokenRequest, response: HttpResponse, *, dry_run: DryRun = False
) -> BulkOut:
    """Publish up to 1,000 magnet links, as a JSON array or as NDJSON (one object on each line), at most
    8 MB in all.

    Each item has an outcome of its own; one that is refused doesn't affect the others. The answer is `200`
    whenever the list itself can be read.

    Against the limit of requests in a minute it counts as one request, one more for each 10 of its items,
    and one more for each 100 of their trackers; `X-Request-Cost` says as how many. A dry run counts the
    same.
    """
    items = list(bulk.read(request))
    charge(request, response, bulk.cost(items))
    outcomes = bulk.create(items, by=request.auth, is_dry=dry_run)
    return _reported(request, outcomes, is_dry=dry_run)


@router.post(
    "/from-torrent",
    auth=Bearer(Action.RESOURCE_CREATE),
    response={200: CheckedOut, 201: ResourceOut},
    operation_id="torrent_upload",
    summary="Publish a .torrent file",
    openapi_extra=multipart.schema("torrent", _TORRENT, TorrentIn)
    | response_headers.on(201, "ETag", "Location", "X-Request-Cost"),
)
def create_from_torrent(
    request: TokenRequest, response: HttpResponse, *, dry_run: DryRun = False
) -> Status[Resource]:
    """Publish the torrent that a `.torrent` file of at most 64 MB describes. Its file list, size,
    trackers and web seeds are read from the file, and nothing is probed. Against the limit of requests in
    a minute it counts as one request, and one more for each 100 kB.

    `400`: the file is malformed, or has more than 40,000 files, 100 parts of a path, or 400,000 names,
    numbers and lists in all. `409`: the torrent is listed already, or blocked.

    With `dry_run=true` nothing is kept: the answer is `200`, or the error.
    """
    too_big = _("A .torrent file may have at most 64 MB.")
    form, body = multipart.of_form(
        request, "torrent", max_bytes=metainfo.MAX_BYTES, too_big=too_big
    )
    charge(request, response, len(body) // BYTES_A_REQUEST)
    values = TorrentIn.from_form(form).model_dump(exclude_unset=True)
    if dry_run:
        return Status(200, submissions.check_file(body, values, by=request.auth))
    try:
        row = submissions.add_file(body, values, by=request.auth)
    except ValidationError as error:
        row = _made_before(request, error)
    return _created(row, response)


@router.get(
    "/{int:resource_id}",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: ResourceOut, 304: None},
    operation_id="resource_read",
    summary="Get a resource",
    openapi_extra=response_headers.on(200, "ETag"),
)
def read_resource(
    request: TokenRequest,
    response: HttpResponse,
    resource_id: ResourceId,
    if_none_match: IfNoneMatch = "",
) -> Resource | Status[None]:
    """Get one resource with its file tree. With `If-None-Match` the answer is `304` if it has not
    changed.
    """
    row = _versioned(_seen(request, resource_id), response)
    if etags.is_known(if_none_match, response["ETag"]):
        return Status(304, None)
    return row


_CHANGED: dict[int, Any] = {
    200: ResourceOut,
    **problems(409),
}


@router.put(
    "/{int:resource_id}",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response=_CHANGED,
    operation_id="resource_update",
    summary="Change some fields of a resource",
    openapi_extra=response_headers.on(200, "ETag"),
)
def update_resource(
    request: TokenRequest,
    response: HttpResponse,
    resource_id: ResourceId,
    data: ResourceChange,
    prefer: Prefer = "",
    if_match: IfMatch = "",
    *,
    wait: Wait = False,
) -> Resource:
    """Change the fields that the body names; all others stay as they are. With `If-Match` the change is
    made only if nobody has edited the resource since (`412`).

    Another magnet link is probed as for a new resource, and until that has succeeded the resource is
    off the public site. `409`: the torrent is listed already, or the resource is taken down.
    """
    row = _seen(request, resource_id)
    changed = submissions.change(
        row,
        data.model_dump(exclude_unset=True),
        by=request.auth,
        wait_s=_patience_s(prefer, response, is_required=wait),
        is_present=etags.condition(if_match),
    )
    return _versioned(changed, response)


@router.patch(
    "/{int:resource_id}",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response=_CHANGED,
    operation_id="resource_patch",
    summary="Change some fields of a resource (merge patch)",
    openapi_extra=response_headers.on(200, "ETag"),
)
def patch_resource(
    request: TokenRequest,
    response: HttpResponse,
    resource_id: ResourceId,
    data: ResourceChange,
    prefer: Prefer = "",
    if_match: IfMatch = "",
    *,
    wait: Wait = False,
) -> Resource:
    """Do the same as `PUT`; the body may also be `application/merge-patch+json` (RFC 7396)."""
    return update_resource(request, response, resource_id, data, prefer, if_match, wait=wait)


@router.get(
    "/{int:resource_id}/metadata",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: MetadataOut},
    operation_id="metadata_read",
    summary="Get the metadata found by the last probe",
)
def read_metadata(request: TokenRequest, resource_id: ResourceId) -> Metadata:
    """Get the file tree, size and number of peers that the last successful probe found.

    `404` also if no probe has succeeded yet, or if what it found is lost: probe the resource again then.
    """
    return _probed(_seen(request, resource_id))


_TORRENT_FILE = {
    "content": {metainfo.TYPE: {"schema": {"type": "string", "format": "binary"}}},
    "headers": response_headers.described("Content-Disposition"),
}


@router.get(
    "/{int:resource_id}/torrent",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: None},
    operation_id="torrent_download",
    summary="Download the .torrent file of a resource",
    openapi_extra={"responses": {200: _TORRENT_FILE}},
)
def read_torrent(request: TokenRequest, resource_id: ResourceId) -> HttpResponse:
    """Download a `.torrent` file made from what the last successful probe found, with the magnet link's
    trackers and web seeds.

    `404` also if no probe has succeeded yet, or if what it found is lost: probe the resource again then.
    """
    row = _seen(request, resource_id)
    found, link = _probed(row), magnets.parse(row.published_magnet_uri)
    body = metainfo.make(found, link)
    if body is None:
        raise HttpError(404, str(metainfo.why_not(found, link)))
    name = content_disposition_header(
        as_attachment=True, filename=f"{slugs.make(row.title)}.torrent"
    )
    return HttpResponse(body, metainfo.TYPE, headers={"Content-Disposition": name})


@router.post(
    "/{int:resource_id}/probe",
    auth=Bearer(Action.RESOURCE_PROBE),
    response={202: QueuedOut},
    operation_id="resource_probe",
    summary="Probe a resource again",
)
def probe_resource(request: TokenRequest, resource_id: ResourceId) -> Status[dict[str, Any]]:
    """Queue a new probe of the magnet link. What is known stays until the new probe has found something.

    `409`: the resource is taken down.
    """
    row = _seen(request, resource_id)
    task_id = submissions.probe_one_again(row, by=request.auth)
    return Status(202, {"task_id": task_id, "notes": workers.notes(workers.PROBE_WAITS)})


@router.post(
    "/{int:resource_id}/takedown",
    auth=Bearer(Action.RESOURCE_TAKE_DOWN),
    response={200: ResourceOut},
    operation_id="resource_take_down",
    summary="Take a resource down",
)
def take_down(request: TokenRequest, resource_id: ResourceId, data: TakedownIn) -> Resource:
    """Remove a resource from the public site and block its info-hashes, so that nobody can publish it
    again. Only Admins may, and only they can change it while it is taken down.
    """
    with request.auth.turn():
        row = _seen(request, resource_id)
        row.take_down(reason=data.reason, by=request.auth.display_name)
    return row


@router.post(
    "/{int:resource_id}/restore",
    auth=Bearer(Action.RESOURCE_TAKE_DOWN),
    response={200: ResourceOut},
    operation_id="resource_restore",
    summary="Undo a takedown",
)
def restore(request: TokenRequest, resource_id: ResourceId) -> Resource:
    """Put a resource back that was taken down, and remove the blocks that the takedown made. Blocks that
    an operator made by hand stay.
    """
    with request.auth.turn():
        row = _seen(request, resource_id)
        row.restore()
    return row


@router.post(
    "/{int:resource_id}/withdraw",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={200: ResourceOut},
    operation_id="resource_withdraw",
    summary="Withdraw a resource from the public site",
)
def withdraw(request: TokenRequest, resource_id: ResourceId) -> Resource:
    """Make a resource a draft again: it leaves the public site with the next build. Nothing is blocked, and
    its torrent stays listed, so nobody else can publish it.
    """
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.withdraw(row)
    return row


@router.post(
    "/{int:resource_id}/publish",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={200: ResourceOut},
    operation_id="resource_publish",
    summary="Publish a draft or scheduled resource now",
)
def publish(request: TokenRequest, resource_id: ResourceId) -> Resource:
    """Make a draft or scheduled resource public from now on; one that is public already stays as it is.

    `409`: the resource is taken down.
    """
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.publish(row, by=request.auth)
    return row


@router.post(
    "/{int:resource_id}/approve",
    auth=Bearer(Action.RESOURCE_REVIEW),
    response={200: ResourceOut},
    operation_id="resource_approve",
    summary="Approve a resource that awaits review",
)
def approve(
    request: TokenRequest,
    resource_id: ResourceId,
    if_match: IfMatch = "",
) -> Resource:
    """Approve what a publisher whose work is reviewed has published or changed, so that it becomes public.
    With `If-Match` only the version that you have looked at is approved (`412`).

    `409`: the resource doesn't await review.
    """
    is_present = etags.condition(if_match)
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.approve_one(row, is_present)
    return row


@router.post(
    "/{int:resource_id}/send-back",
    auth=Bearer(Action.RESOURCE_REVIEW),
    response={200: ResourceOut},
    operation_id="resource_send_back",
    summary="Send a resource back to its publisher",
)
def send_back(request: TokenRequest, resource_id: ResourceId, data: SendBackIn) -> Resource:
    """Refuse what awaits review: it becomes a draft, and its publisher reads the reason in `review_note`.
    Publishing it again asks for another review.

    `409`: the resource doesn't await review.
    """
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.send_back_one(row, reason=data.reason)
    return row


@categories.get(
    "/tree",
    auth=Bearer(Action.CATEGORY_LIST),
    response={200: list[PlaceOut]},
    operation_id="category_list",
    summary="List the category tree",
)
def list_categories(request: TokenRequest) -> list[PlaceOut]:
    """List all categories in the order of the tree: each category comes after its parent and before the
    parent's next sibling.
    """
    return [PlaceOut.from_place(place) for place in Category.objects.tree()]


@categories.post(
    "",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={201: CategoryOut},
    operation_id="category_create",
    summary="Create a category",
)
def create_category(request: TokenRequest, data: CategoryIn) -> Status[Category]:
    """Create a category, at most 12 levels deep.

    `400` (type `misplaced`): `parent_id` is unknown, or too deep. `409`: a sibling has the same slug.
    """
    category = Category(created_by=request.auth, **data.model_dump())
    with request.auth.turn():
        category.require_maker(request.auth)
        category.store()
    return Status(201, category)


@categories.put(
    "/{int:category_id}",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={200: CategoryOut, **problems(409)},
    operation_id="category_update",
    summary="Rename or move a category",
)
def update_category(
    request: TokenRequest, category_id: CategoryId, data: CategoryChange
) -> Category:
    """Rename or move a category with everything below it. A Publisher may change only a category that it
    created and in which nobody else has a resource or category.

    `400` (type `misplaced`): `parent_id` is unknown, too deep, or below the category itself. `409`: a
    sibling has the same slug.
    """
    with request.auth.turn():
        category = get_object_or_404(Category, pk=category_id)
        category.require_change_by(request.auth)
        category.change(data.model_dump(exclude_unset=True))
    return category


@categories.delete(
    "/{int:category_id}",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={204: None, **problems(400)},
    operation_id="category_delete",
    summary="Delete an empty category",
)
def delete_category(request: TokenRequest, category_id: CategoryId) -> Status[None]:
    """Delete a category that has neither subcategories nor resources, taken-down ones included (`400` if
    it has). A Publisher may delete only a category that it created.
    """
    with request.auth.turn():
        category = get_object_or_404(Category, pk=category_id)
        category.require_change_by(request.auth)
        category.discard()
    return Status(204, None)


def _seen(request: TokenRequest, resource_id: int) -> Resource:
    """404 if there is none, 403 if it is out of the token's scope."""
    row = get_object_or_404(Resource.objects.select_related("publisher"), pk=resource_id)
    row.require_sight_by(request.auth)
    row.viewer = request.auth
    return row


def changeable(request: TokenRequest, resource_id: int) -> Resource:
    """404 if there is none, 403 if this token may not change it."""
    row = _seen(request, resource_id)
    row.require_change_by(request.auth)
    return row


def _made_before(request: TokenRequest, error: ValidationError) -> Resource:
    """What this very request made before its process died; else its error again."""
    since = idempotency.begun_at(request)
    row = submissions.made_before(error, by=request.auth, since=since)
    if row is None:
        raise error
    return row


def _created(row: Resource, response: HttpResponse) -> Status[Resource]:
    response["Location"] = f"/api/resources/{row.pk}"
    return Status(201, _versioned(row, response))


def _versioned(row: Resource, response: HttpResponse) -> Resource:
    response["ETag"] = etags.etag(row)
    return row


def _reported(request: TokenRequest, outcomes: list[bulk.ItemOutcome], *, is_dry: bool) -> BulkOut:
    items = [_item(request, each, is_dry=is_dry) for each in outcomes]
    created = sum(each.problem is None for each in items)
    waits = workers.notes(workers.PROBE_WAITS) if created and not is_dry else Notes()
    return BulkOut(
        created=created,
        refused=len(items) - created,
        dry_run=is_dry,
        items=items,
        notes=[str(note) for note in waits],
    )


def _item(request: TokenRequest, outcome: bulk.ItemOutcome, *, is_dry: bool) -> BulkItemOut:
    since = idempotency.begun_at(request)
    row = outcome.row
    if row is None and outcome.error and not is_dry:
        row = submissions.made_before(outcome.error, by=request.auth, since=since)
    if row is None:
        # As a request of its own would be answered: the one place that words errors.
        said = json.loads(problem_of(request, outcome.error or Exception()).content)
        return BulkItemOut(index=outcome.index, status=said["status"], problem=said)
    known = None if is_dry else row.pk
    return BulkItemOut(
        index=outcome.index,
        status=201,
        id=known,
        magnet_hash=row.magnet_hash,
        task_id=row.task_id,
        notes=[str(note) for note in row.notes],
    )


def _probed(row: Resource) -> Metadata:
    """What its last successful probe found; 404 if that is nothing."""
    if row.probed_at is None:
        raise HttpError(404, _("No probe has succeeded yet."))
    found = row.probed_metadata
    if found is None:
        raise HttpError(404, _("What the probe found is lost; probe the resource again."))
    return found


def _patience_s(prefer: str, response: HttpResponse, *, is_required: bool) -> float:
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
