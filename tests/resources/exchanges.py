"""A catalog that has one of everything, and what becomes of it."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog
from ghost.core.text.reasons import words
from ghost.demo import seeds
from resources.models import Block, Category, ProbeStatus, Resource, findings
from resources.torrents import metadata, metainfo
from teams.models import Team, Token
from teams.roles import Role
from tests import make

MOMENT = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)


def fill(folder) -> None:
    """Publishers, teams, categories, resources in every state, blocks."""
    admin, ada, ben = make.admin(), make.publisher(), make.publisher(name="Ben 公共")
    team = make.team(ada, "Archive")
    mia = make.member(team)
    ben.revoke()
    rotated = make.publisher(name="Cy")
    rotated.rotate()
    Token.objects.filter(pk=admin.pk).update(note="=first", last_used_at=MOMENT)
    Token.objects.filter(pk=ada.pk).update(
        needs_review=True, expires_at=timezone.now() - timedelta(days=1)
    )
    films = make.category("Films", sort_order=3, torznab_id=2000, created_by=ada)
    later = make.category("Parent made later")
    old = make.category("旧片", parent=films, sort_order=-1)
    films.change({"parent": later})
    wide: dict[str, Any] = {"publisher": ada, "category": old}
    first = make.resource(title="The first", **wide)
    rich = make.resource(
        title="'=cmd|' /C calc'!A0",
        content_markdown='Line\n\n"quoted", \\ and\ttab; 第二 🎬',
        tags=["a|b", "[c", "数据"],
        cover_image_url="https://covers.example/a.png",
        licence="MIT OR Apache-2.0",
        source_url="https://source.example/",
        checksums=[{"algorithm": "sha256", "value": "ab" * 32, "file": "a/b"}],
        supersedes=first,
        **wide,
    )
    seed = seeds.make(folder, "work", {"a": b"a" * 40_000, "b/é": b"b"}, seeds.Version.HYBRID)
    magnet, found = metainfo.read(seed.body)
    hybrid = make.resource(
        is_probed=False, magnet_uri=magnet.uri() + "&tr=udp%3A%2F%2Ft.example%3A1%2Fx",
        publisher=mia, team=team, category=films,
    )  # fmt: skip
    findings.record_metadata(hybrid, found)
    make.resource(published_at=None, is_probed=False, review_note="Why?", **wide)
    make.resource(published_at=timezone.now() + timedelta(days=9), awaits_review=True, **wide)
    held = make.resource(is_probed=False, **wide)
    findings.record_probe_miss(held, ProbeStatus.TIMEOUT, words("Nobody answered."))
    let_off = make.resource(is_probed=False, **wide)
    Resource.objects.filter(pk=let_off.pk).skip_probe()
    taken = make.resource(**wide)
    taken.take_down(reason="Not theirs.", by="olga")
    returned = make.resource(**wide)
    Block.objects.create(info_hash=returned.magnet_hash, reason="Stays.", created_by="olga")
    Block.objects.create(info_hash="cd" * 32, reason="Never.", created_by="olga")
    # What came first replaces what came later.
    Resource.objects.filter(pk=first.pk).update(supersedes=returned.pk)
    Resource.objects.filter(pk=rich.pk).update(created_at=MOMENT, updated_at=MOMENT)


def wipe() -> None:
    """An empty database, and nothing in its folders."""
    Resource.objects.update(supersedes=None)
    Resource.objects.all().delete()
    Block.objects.all().delete()
    alone = Concat(Value("wiped-"), Cast("pk", CharField()))
    Category.objects.update(root=None, parent=None, created_by=None, slug=alone)
    Category.objects.all().delete()
    Token.objects.filter(role=Role.TEAM_MEMBER).delete()
    Team.objects.all().delete()
    Token.objects.all().delete()
    AuditEvent.objects.all().delete()
    shutil.rmtree(settings.GHOST.magnet_metadata_dir, ignore_errors=True)


@dataclass
class Told:
    """What a command said, and whether it ended well."""

    counts: dict[str, float]
    lines: list[str]
    error: str
    tokens: list[str]
    """What it said of tokens that open nothing."""

    def __getitem__(self, name):
        return self.counts.get(name, 0)


def run(command, *arguments, **options) -> Told:
    """Run it and listen."""
    out, err, error = io.StringIO(), io.StringIO(), ""
    try:
        call_command(command, *map(str, arguments), stdout=out, stderr=err, **options)
    except CommandError as raised:
        error = str(raised)
    said = out.getvalue().splitlines()
    heard = err.getvalue().splitlines()
    tokens = [line for line in heard if line.startswith("tokens: ")]
    lines = [line for line in heard if line not in tokens]
    return Told(json.loads(said[-1]) if said else {}, lines, error, tokens)


def take_in(path, *arguments, **options) -> Told:
    return run("import_catalog", path, *arguments, **options)


def bring_out(path, *arguments, **options) -> bytes:
    """The bytes that were written."""
    told = run("export_catalog", path, *arguments, **options)
    assert told.error == "", told
    return path.read_bytes() if path.is_file() else b""


def state() -> tuple:
    """What must not move if nothing changed."""
    found = (metadata.load(h) for h in Resource.objects.values_list("magnet_hash", flat=True))
    rows = list(Resource.objects.order_by("pk").values())
    return (
        Catalog.get().revision, AuditEvent.objects.count(), rows, [m and m.fetched_at for m in found],
        list(Token.objects.order_by("pk").values()), list(Category.objects.order_by("pk").values()),
        list(Block.objects.order_by("pk").values()),
    )  # fmt: skip
