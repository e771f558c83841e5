"""No private value stands in any public file: a marker in every private field, and a look at every
byte."""

from __future__ import annotations

import gzip
import io
import json
import socket
import zlib
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import SecretStr

from builds import covers
from builds.models import Build
from ghost.core.config import env
from ghost.core.config.env import BASE_DIR
from ghost.core.config.values import is_secret
from resources.models import Block, Resource
from teams.models import Attempt, Token
from tests import make, operators
from tests.builds.catalog import Catalog
from tests.builds.faults import tree
from tests.presence import present

pytestmark = pytest.mark.django_db
PUBLIC = {
    "teams.Token": {"display_name", "role"},
    "teams.Team": {"name"},
    "resources.Category": {"name", "slug"},
    "resources.ResourceTag": {"slug", "name"},
    "ghost.Catalog": {"changed_at"},
    "resources.Resource": {
        "title", "magnet_uri", "magnet_hash", "magnet_hash_v2", "content_markdown", "tags",
        "cover_image_path", "dht_status", "files_tree_summary", "published_at", "became_public_at", "updated_at",
        "last_dht_check", "licence", "source_url", "torrent_name", "other_hash",
        "last_seen_at", "missing_since",
    },
}  # fmt: skip
"""What may be seen, and what is one of a few words. Everything else is private, if it is new too."""
NEEDED = {
    "resources.Resource": {"probe_status", "takedown_at", "cover_due_at", "cover_image_url"},
    "builds.Cover": {"digest"},
    "builds.Build": {"state", "set_aside", "lease_until"},
    "builds.Step": {"counts"},
}
"""What a build could not do without as it is: the address of a cover is marked by hand."""
UNTOUCHED = {
    "builds.BuildState", "builds.EntryRow", "builds.Listing", "builds.ListingEntry", "builds.ListingPage",
    "builds.Output",
    "builds.Due", "ghost.Change", "auth.Permission", "contenttypes.ContentType",
}  # fmt: skip
"""What the site is made of, all of it from the tables that are marked, and what never is."""
_number = count(1)


def mark(row: models.Model, label: str) -> list[str]:
    """Put a marker into each private field of a row; the markers."""
    kept = PUBLIC.get(label, set()) | NEEDED.get(label, set())
    found: dict[str, object] = {}
    for field in row._meta.concrete_fields:
        if field.primary_key or field.is_relation or field.choices or field.name in kept:
            continue
        if isinstance(field, models.CharField | models.TextField):
            found[field.name] = f"zq{next(_number)}k"
        elif isinstance(field, models.DateTimeField):
            found[field.name] = datetime(1900 + next(_number) % 69, 7, 13, tzinfo=UTC)
    type(row)._base_manager.filter(pk=row.pk).update(**found)
    return [value if isinstance(value, str) else f"{value:%Y-%m-%d}" for value in found.values()]


def mark_all() -> dict[str, list[str]]:
    """Every row of every table; the markers by the tables' names."""
    return {
        model._meta.label: [
            each for row in model._base_manager.all() for each in mark(row, model._meta.label)
        ]
        for model in apps.get_models()
        if model._meta.managed and model._meta.label not in UNTOUCHED
    }


def layers(body: bytes) -> list[bytes]:
    """A file as it lies there, unpacked, and what a picture says beside its dots."""
    found = [body]
    if body.startswith(b"\x1f\x8b"):
        found.append(gzip.decompress(body))
    elif body[:1] == b"\x78":
        found.append(zlib.decompress(body))
    elif body.startswith(b"RIFF"):
        with Image.open(io.BytesIO(body)) as picture:
            picture.load()
            assert {"exif", "xmp", "icc_profile"}.isdisjoint(picture.info)
            found.append(repr(picture.info).encode())
    elif body[:1] in b"{[":
        found.append(json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace"))
    return [each.lower() for each in found]


def leaks(public: Path, markers: list[str]) -> list[str]:
    """Where these stand, in whatever case: in a file or in its name."""
    wanted = [(marker, marker.lower().encode()) for marker in markers]
    return [
        f"{marker} in {name}"
        for name, body in tree(public).items()
        for layer in [name.lower().encode(), *layers(body)]
        for marker, spelled in wanted
        if spelled in layer
    ]


def photo(marker: str) -> bytes:
    """A picture that says in all its corners who took it."""
    body, said, exif = io.BytesIO(), PngInfo(), Image.Exif()
    said.add_text("Author", marker, zip=True)
    said.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{marker}</x:xmpmeta>")
    exif[0x013B] = marker
    Image.new("RGB", (40, 30), "#ff8800").save(body, "PNG", pnginfo=said, exif=exif)
    return body.getvalue()


@pytest.fixture
def secrets(configure, settings, tmp_path) -> list[str]:
    """What the configuration and the machine have that nobody may see."""
    variables = {
        name: SecretStr(f"zq{name}" * 4)
        for name, field in env.Env.model_fields.items()
        if is_secret(field)
    }
    configure(
        **variables,
        site_languages=("en", "zh-hans"),
        email_url="smtp://zqmailuser:zqmailpass@127.0.0.1:1",
        email_from="zqsender@example.org",
        pages_git_user_name="zqgitname",
        pages_git_user_email="zqgit@zqmail.example",
        allowed_hosts=("zqhost.example",),
        backup_dir=tmp_path / "zqbackup",
    )
    settings.SECRET_KEY = "zqdjangokey"
    found = [settings.SECRET_KEY, "zqgitname", "zqmail", "zqhost", "zqsender"]
    return [
        *found,
        *(f"zq{name}" for name in variables),
        "zqbackup",
        str(tmp_path),
        str(BASE_DIR),
        str(Path.home()) + "/",
        socket.gethostname(),
    ]


def test_no_private_value_is_in_any_public_file(build, secrets):
    catalog = Catalog.fill()
    make.admin(name="zqadmin")
    User.objects.create(username="zq", email="zq@example.org")
    operators.client("Operator").get("/admin/")  # a group, a session
    Attempt.objects.create(subject="zq", scope="192.0.2.77")
    Block.objects.add([make.info_hash()], reason="zq", by="zq")
    cover = "https://zqcovers.example/zqcover.png?key=zqcoverkey"
    covers.upload(catalog.edited, photo("zqcamera"), by="zquploader")
    Resource.objects.update(cover_image_url=cover, num_peers=77345611)
    build()
    markers = mark_all()
    assert [label for label in ("teams.Token", "resources.Resource", "auth.User", "resources.Block",
                                "builds.Build", "builds.Step", "builds.Cover", "teams.Attempt", "ghost.AuditEvent",
                                "sessions.Session", "auth.Group")
            if not markers[label]] == []  # fmt: skip
    known = [each for some in markers.values() for each in some] + secrets
    known += [
        "zqadmin",
        "zqcover",
        "zqcamera",
        "zquploader",
        "77345611",
        "192.0.2.77",
        "example.org",
    ]
    known += [*Token.objects.values_list("token_hash", flat=True)]

    public = build(force=True)
    assert leaks(public, known) == []

    catalog.edit()
    again = [each for some in mark_all().values() for each in some]
    build()
    assert not present(Build.objects.first()).is_full
    assert leaks(public, known + again) == []


def test_a_leak_would_be_found(build):
    row = make.resource(title="zq1k", content_markdown="zq2k", tags=["zq3k"])

    public = build()

    pages = {each.partition(" in ")[2] for each in leaks(public, ["zq1k", "zq2k", "zq3k"])}
    assert f"resources/{row.pk}/index.html" in pages
    assert {Path(page).suffix for page in pages} == {".html", ".json", ".xml", ".atom", ".opml"}
