"""Look at resources: lists, one, its metadata, its `.torrent` file."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from ninja import Query, Status
from ninja.errors import HttpError

from ghost.core.http import pagination
from ghost.core.http.schema import response_headers
from ghost.core.http.schema.parameters import IfNoneMatch
from resources import provenance, slugs
from resources.api.answers import seen, versioned
from resources.api.routers import resources
from resources.models import Resource, list_index
from resources.publishing import etags
from resources.schemas import (
    MetadataOut,
    ResourceFilter,
    ResourceId,
    ResourceItem,
    ResourceOut,
)
from resources.states import ResourceSort
from resources.torrents import magnets, metainfo
from resources.torrents.metadata import Metadata
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

_TORRENT_FILE = {
    "content": {metainfo.TYPE: {"schema": {"type": "string", "format": "binary"}}},
    "headers": response_headers.described("Content-Disposition"),
}


@resources.get(
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


@resources.get(
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
    row = versioned(seen(request, resource_id), response)
    if etags.is_known(if_none_match, response["ETag"]):
        return Status(304, None)
    return row


@resources.get(
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
    return _probed(seen(request, resource_id))


@resources.get(
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
    row = seen(request, resource_id)
    found, link = _probed(row), magnets.parse(row.published_magnet_uri)
    body = metainfo.make(found, link)
    if body is None:
        raise HttpError(404, str(metainfo.why_not(found, link)))
    name = content_disposition_header(
        as_attachment=True, filename=f"{slugs.make(row.title)}.torrent"
    )
    return HttpResponse(body, metainfo.TYPE, headers={"Content-Disposition": name})


def _probed(row: Resource) -> Metadata:
    """What its last successful probe found; 404 if that is nothing."""
    if row.probed_at is None:
        raise HttpError(404, _("No probe has succeeded yet."))
    found = row.probed_metadata
    if found is None:
        raise HttpError(404, _("What the probe found is lost; probe the resource again."))
    return found
