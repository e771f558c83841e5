"""Backups by the API."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from ghost.core.audit.models import AuditEvent
from ghost.core.text.reasons import words
from ghost.operations.backups.proof import Proof
from tests import make, operators

pytestmark = pytest.mark.django_db


def headers(token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.raw}"}


def queued() -> list[tuple]:
    tasks = [SignedPackage.loads(row.payload) for row in OrmQ.objects.all()]
    return [(task["func"], tuple(task["args"])) for task in tasks]


def test_list_tells_of_each_what_is_known(client):
    proven, failed = make.backup(), make.backup(is_encrypted=True)
    proven.note_proof(Proof(proven.name, 3, 12, 4, is_restored=True))
    proven.note_copied("/mnt/other")
    failed.note_failed_proof(words("a table differs"))
    failed.note_failed_copy(words("no room"))

    answer = client.get("/api/ops/backups", headers=headers(make.admin()))

    last, first = answer.json()
    assert (first["name"], first["type"], first["is_proven"]) == (proven.name, "full", True)
    assert first["proof"].endswith("tables 3, rows 12, files 4")
    assert first["copied_at"]
    assert (last["is_encrypted"], last["is_proven"]) == (True, False)
    assert (last["proof"], last["copied_at"], last["copy_error"]) == (
        "a table differs",
        None,
        "no room",
    )


def test_a_worker_makes_and_proves_what_is_asked_for(client):
    admin, row = make.admin(), make.backup()

    made = client.post(
        "/api/ops/backups", {"type": "schema"}, "application/json", headers=headers(admin)
    )
    proven = client.post(f"/api/ops/backups/{row.name}/verify", headers=headers(admin))

    assert (made.status_code, proven.status_code) == (202, 202)
    assert queued() == [
        ("ghost.operations.tasks.back_up", ("schema",)),
        ("ghost.operations.tasks.prove_backup", (row.name,)),
    ]
    task = client.get(f"/api/tasks/{made.json()['task_id']}", headers=headers(admin)).json()
    assert task["kind"] == "backup"
    actions = AuditEvent.objects.order_by("pk").values_list("action", "actor_name")
    assert list(actions)[-2:] == [
        ("backup.create", admin.display_name),
        ("backup.verify", admin.display_name),
    ]


@pytest.mark.parametrize("body", [{"type": "half"}, {"kind": "full"}, []])
def test_another_type_is_refused(client, body):
    answer = client.post(
        "/api/ops/backups", body, "application/json", headers=headers(make.admin())
    )

    assert answer.status_code == 422
    assert queued() == []


def test_one_that_is_not_there_cannot_be_proven(client):
    answer = client.post("/api/ops/backups/..%2Fsecrets/verify", headers=headers(make.admin()))

    assert answer.status_code == 404


def test_publishers_see_none_and_viewers_make_none(client):
    viewer = operators.client("Viewer")

    assert client.get("/api/ops/backups", headers=headers(make.publisher())).status_code == 403
    assert viewer.get("/api/ops/backups").status_code == 200
    assert viewer.post("/api/ops/backups", {}, "application/json").status_code == 403
