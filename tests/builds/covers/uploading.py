"""Uploads, and where their covers are shown."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from resources.models import Resource
from tests import make
from tests.builds.pictures import image


def shown(row: Resource) -> tuple[str | None, bool]:
    """The path of its cover, and whether that is an upload."""
    now = Resource.objects.get(pk=row.pk)
    return now.cover_image_path, now.cover_uploaded_at is not None


def path_of(row: Resource) -> str:
    return f"assets/covers/{row.pk}.webp"


def send(client, method, row, token, body=None, content_type=MULTIPART_CONTENT, **fields):
    if body is None:
        body = encode_multipart(BOUNDARY, fields)
    path = f"/api/resources/{row if isinstance(row, int) else row.pk}/cover"
    return client.generic(method, path, body, content_type, **make.auth(token))


def file(body: bytes | None = None, name="a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, image((300, 200)) if body is None else body, "image/png")
