"""Publish: one link, many, a `.torrent` file."""

from __future__ import annotations

import json

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Status

from ghost.core.heartbeats import workers
from ghost.core.http import idempotency, multipart
from ghost.core.http.problems import problem_of
from ghost.core.http.schema import response_headers
from ghost.core.http.schema.parameters import DryRun, Prefer, Wait
from ghost.core.text.notes import Notes
from resources.api.answers import created, made_before, patience_s
from resources.api.routers import resources
from resources.models import Resource
from resources.publishing import bulk
from resources.publishing import publish as submissions
from resources.schemas import (
    BulkItemOut,
    BulkOut,
    CheckedOut,
    ResourceIn,
    ResourceOut,
    TorrentIn,
)
from resources.torrents import metainfo
from teams.auth import Bearer, TokenRequest, charge
from teams.policy import Action

_TORRENT = "The `.torrent` file: at most 64 MB and 40,000 files."
BYTES_A_REQUEST = 100_000
"""Of a `.torrent` file: it counts as one request more for each of these."""


@resources.post(
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
    wait_s = patience_s(prefer, response, is_required=wait)
    try:
        row = submissions.add(values, by=request.auth, wait_s=wait_s)
    except ValidationError as error:
        row = made_before(request, error)
    return created(row, response)


@resources.post(
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


@resources.post(
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
        row = made_before(request, error)
    return created(row, response)


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
