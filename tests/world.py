"""A small installation, and every write that the API has, done to it."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from pydantic import SecretStr

from ghost.core.jobs import pause
from ghost.demo.seeds import Version
from ghost.demo.seeds import make as seeded
from ghost.operations import schedules
from ghost.operations.alerts.models import Alert, AlertRule
from tests import make
from tests.builds.pictures import image
from tests.resources.prober import FakeProber


@pytest.fixture
def fake_prober(settings, monkeypatch):
    settings.PROBER = "tests.resources.prober.FakeProber"
    for name, value in (("queued", []), ("is_able", True), ("outcome", True)):
        monkeypatch.setattr(FakeProber, name, value)


class World:
    """Rows for each write to be done to."""

    def __init__(self):
        self.admin = make.admin()
        self.ada = make.publisher()
        self.team = make.team(self.ada)
        self.mia = make.member(self.team)
        self.category = make.category(created_by=self.ada)
        self.row = make.resource(publisher=self.ada)
        self.down = make.resource(publisher=self.ada)
        self.down.take_down(reason="asked", by="test")
        self.draft = make.resource(publisher=self.ada, published_at=None)
        self.waiting = make.resource(publisher=self.ada)
        self.waiting.alone().ask_review()
        self.backup = make.backup()


JSON = "application/json"


def new(world, **kwargs):
    return {"title": "T", "magnet_uri": make.magnet(), "category_id": world.category.pk} | kwargs


def torrent():
    with tempfile.TemporaryDirectory() as folder:
        return seeded(Path(folder), "W", {"a.bin": b"x" * 20_000}, Version.V1).body


def paused(path):
    pause.pause()
    return path


def with_rules(path):
    AlertRule.objects.sync()
    return path


def alert_path(end):
    now = timezone.now()
    row = Alert.objects.create(rule="disk", since=now, level="warning", state="firing")
    return f"ops/alerts/{row.pk}/{end}"


def with_channel(path):
    secret = SecretStr("https://hooks.example/x")
    settings.GHOST = settings.GHOST.model_copy(update={"alert_webhooks": secret})
    return path


SILENT = {"until": (timezone.now() + timedelta(days=1)).isoformat()}


def scheduled(path):
    schedules.sync()
    return path


WRITES = {
    "build_trigger": lambda w: ("build/trigger?reason=x", None),
    "cover_upload": lambda w: (f"resources/{w.row.pk}/cover", {"cover": image()}),
    "scan_start": lambda w: ("admin/dht/scan-all", None),
    "backup_create": lambda w: ("ops/backups", {"type": "full"}),
    "backup_verify": lambda w: (f"ops/backups/{w.backup.name}/verify", None),
    "queue_pause": lambda w: ("ops/queues/pause", None),
    "queue_resume": lambda w: (paused("ops/queues/resume"), None),
    "service_reset": lambda w: ("ops/services/dht/reset", None),
    "cleanup_start": lambda w: ("ops/maintenance/cleanup", {"days": 30}),
    "alert_rule_update": lambda w: (with_rules("ops/alerts/rules/disk"), {"limit": 20}),
    "alert_rule_toggle": lambda w: (with_rules("ops/alerts/rules/disk/toggle"), None),
    "alert_rule_silence": lambda w: (with_rules("ops/alerts/rules/disk/silence"), SILENT),
    "alert_silence": lambda w: (alert_path("silence"), SILENT),
    "test_alert_send": lambda w: (with_channel("ops/alerts/test"), None),
    "schedule_run": lambda w: (scheduled("ops/schedules/scan-health/run"), None),
    "resource_approve": lambda w: (f"resources/{w.waiting.pk}/approve", None),
    "resource_create": lambda w: ("resources", new(w)),
    "category_create": lambda w: ("categories", {"name": "New"}),
    "torrent_upload": lambda w: (
        "resources/from-torrent",
        {"torrent": torrent(), "category_id": w.category.pk},
    ),
    "resource_bulk_create": lambda w: ("resources/bulk", [new(w)]),
    "category_delete": lambda w: (
        f"categories/{make.category('X', created_by=w.ada).pk}",
        None,
    ),
    "resource_patch": lambda w: (f"resources/{w.row.pk}", {"title": "Other"}),
    "resource_probe": lambda w: (f"resources/{w.row.pk}/probe", None),
    "resource_publish": lambda w: (f"resources/{w.draft.pk}/publish", None),
    "resource_restore": lambda w: (f"resources/{w.down.pk}/restore", None),
    "resource_send_back": lambda w: (f"resources/{w.waiting.pk}/send-back", {"reason": "No."}),
    "resource_take_down": lambda w: (f"resources/{w.row.pk}/takedown", {"reason": "Asked."}),
    "resource_update": lambda w: (f"resources/{w.row.pk}", {"title": "Other"}),
    "category_update": lambda w: (f"categories/{w.category.pk}", {"name": "Other"}),
    "resource_withdraw": lambda w: (f"resources/{w.row.pk}/withdraw", None),
    "team_create": lambda w: ("teams", {"name": "N", "owner_token_hash": w.ada.token_hash}),
    "member_invite": lambda w: (f"teams/{w.team.pk}/invites", {"display_name": "Noa"}),
    "publisher_token_issue": lambda w: ("admin/tokens/publisher", {"display_name": "Rob"}),
    "member_revoke": lambda w: (f"teams/{w.team.pk}/members/{w.mia.token_hash}/revoke", None),
    "token_revoke": lambda w: ("admin/tokens/revoke", {"token_hash": w.mia.token_hash}),
    "token_rotate": lambda w: (f"admin/tokens/{w.ada.token_hash}/rotate", None),
}
"""What each writing operation is asked to do."""


def send(client, method, token, path, body):
    """One request; a body with bytes in it goes as a form with files."""
    if isinstance(body, dict) and any(isinstance(value, bytes) for value in body.values()):
        body = {k: SimpleUploadedFile(k, v) if isinstance(v, bytes) else v for k, v in body.items()}
        content, kind = encode_multipart(BOUNDARY, body), MULTIPART_CONTENT
    else:
        content, kind = b"" if body is None else json.dumps(body).encode(), JSON
    headers = {"Authorization": f"Bearer {token.raw}", "X-Request-ID": "request-12345"}
    return client.generic(method, f"/api/{path}", content, content_type=kind, headers=headers)
