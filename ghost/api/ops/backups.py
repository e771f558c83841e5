"""Backups: which there are, whether each was proven and copied, and asking for another."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import P, PathEx, Query, Router, Status
from pydantic import Field, StringConstraints

from ghost.api.ops import access
from ghost.core.http import pagination
from ghost.core.http.schema.schemas import NO_NUL, Documented, In, Moment, Out, Page, ReasonText
from ghost.operations.backups import Kind, requests
from ghost.operations.backups.models import Backup

router = Router(tags=[access.TAG])

BackupName = PathEx[
    Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)],
    P(description="Name of the backup.", example="ghost-20260131T100000000000Z.tar.gz.age"),
]


class BackupOut(Out):
    """A backup that is kept."""

    name: str
    """Name of its file."""
    type: Kind = Field(validation_alias="kind")
    """`full`: everything that a new machine needs. `schema`: the tables without their rows."""
    host: str
    """The host on which it lies."""
    created_at: Moment
    """When it was made."""
    bytes: int
    """Size of its file."""
    is_encrypted: bool
    """Whether it is encrypted."""
    read_at: Moment | None
    """When it was last read to its end; null if it never was."""
    proven_at: Moment | None
    """When it was last restored for trial; null if it never was."""
    is_proven: bool | None
    """Whether that went well, and every table had the rows that it should; null if it was not tried."""
    proof: ReasonText
    """What came of it, in words; empty if it was not tried."""
    copied_at: Moment | None
    """When it was brought to the second place; null if it does not lie there."""
    copy_error: ReasonText
    """Why it could not be brought there last time; empty if it could, or there is none."""

    example: ClassVar = {
        "name": "ghost-20260131T100000000000Z.tar.gz.age",
        "type": "full",
        "host": "ghost-1",
        "created_at": "2026-01-31T10:00:00+00:00",
        "bytes": 48_392_110,
        "is_encrypted": True,
        "read_at": "2026-01-31T10:00:09+00:00",
        "proven_at": "2026-01-31T11:00:00+00:00",
        "is_proven": True,
        "proof": "ghost-20260131T100000000000Z.tar.gz.age: restored and counted: tables 52, rows 104,882, files 2,117",
        "copied_at": "2026-01-31T10:00:21+00:00",
        "copy_error": "",
    }


class BackupIn(In):
    """What to back up."""

    type: Kind = Kind.FULL
    """`full`: everything that a new machine needs. `schema`: the tables without their rows."""

    example: ClassVar = {"type": "full"}


class BackupTaskOut(Documented):
    """What a worker will do."""

    task_id: str
    """By which `GET /api/tasks/{task_id}` tells how it stands."""

    example: ClassVar = {"task_id": "b1946ac92492d234"}


@router.get(
    "/backups",
    auth=access.READ,
    response={200: list[BackupOut]},
    operation_id="backup_list",
    summary="List backups",
)
def list_backups(request: HttpRequest, response: HttpResponse, wanted: Query[Page]) -> list[Backup]:
    """List the backups that are kept, the last one first, each with its last proof and its copy."""
    return pagination.cut(Backup.objects.standing(), wanted, request, response)


@router.post(
    "/backups",
    auth=access.WRITE,
    response={202: BackupTaskOut},
    operation_id="backup_create",
    summary="Make a backup",
)
def create_backup(request: HttpRequest, wanted: BackupIn) -> Status[dict[str, Any]]:
    """Have a worker make a backup on its host, encrypted if `GHOST_AGE_RECIPIENT` is set, and bring it to the second
    place if there is one. The oldest ones beyond what is kept are dropped.
    """
    return Status(202, {"task_id": requests.request_backup(wanted.type)})


@router.post(
    "/backups/{str:name}/verify",
    auth=access.WRITE,
    response={202: BackupTaskOut},
    operation_id="backup_verify",
    summary="Prove a backup by a restore",
)
def verify_backup(request: HttpRequest, name: BackupName) -> Status[dict[str, Any]]:
    """Have a worker restore a backup into a scratch database, and count the rows of every table. What came of it
    stands in `is_proven` and `proof`. The task fails on a host that has not the file, or not its key.
    """
    row = get_object_or_404(Backup.objects.standing(), name=name)
    return Status(202, {"task_id": requests.request_proof(row)})
