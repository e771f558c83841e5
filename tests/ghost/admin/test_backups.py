"""Operators look at backups, have them made and proven, and download them."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse
from django_q.models import OrmQ

from ghost.core.audit.models import AuditEvent
from ghost.core.heartbeats.models import host_name
from ghost.core.text.reasons import words
from ghost.operations.backups.proof import Proof
from tests import make, operators

pytestmark = pytest.mark.django_db


def with_file(**values):
    row = make.backup(host=host_name(), **values)
    settings.GHOST.backup_dir.mkdir(parents=True, exist_ok=True)
    (settings.GHOST.backup_dir / row.name).write_bytes(b"archive")
    return row


def test_the_list_tells_of_each_how_it_stands(django_assert_max_num_queries, configure):
    configure(backup_copy_to="/mnt/other")
    make.backup().note_failed_proof(words("a table differs"))
    row = make.backup(is_encrypted=True)
    row.note_proof(Proof(row.name, 3, 12, 4, is_restored=True))
    row.note_copied("/mnt/other")
    browser = operators.client("Viewer")

    with django_assert_max_num_queries(12):
        page = browser.get(operators.list_of("ghost_backup")).content.decode()

    for words_ in (
        "can&#x27;t be restored",
        "restored",
        "lies there",
        "waits",
        "encrypted",
    ):
        assert words_ in page, words_
    assert "&lt;time" not in page
    assert "Back up now" not in page


def test_an_operator_has_one_made_and_proven_and_that_is_on_record():
    row, browser = make.backup(), operators.client("Operator")
    page = browser.get(operators.list_of("ghost_backup")).content.decode()

    made = browser.post(reverse("admin:ghost_backup_make", args=["full"]))
    operators.act(browser, "ghost_backup", "verify", row)

    assert "Back up now" in page
    assert made.status_code == 302
    assert OrmQ.objects.count() == 2
    assert {"backup.create", "backup.verify"} <= set(
        AuditEvent.objects.values_list("action", flat=True)
    )


@pytest.mark.parametrize("kind", ["full", "nonsense"])
def test_viewers_have_none_made_and_looking_makes_none(kind):
    address = reverse("admin:ghost_backup_make", args=[kind])

    assert operators.client("Viewer").post(address).status_code == 403
    assert operators.client("Operator").get(address).status_code == 405
    assert OrmQ.objects.count() == 0


def test_an_encrypted_one_is_downloaded_by_who_may_and_that_is_on_record():
    row, browser = with_file(is_encrypted=True), operators.client("Operator")

    answer = browser.get(reverse("admin:ghost_backup_download", args=[row.pk]))

    assert answer.getvalue() == b"archive"
    assert answer["Content-Disposition"] == f'attachment; filename="{row.name}"'
    assert answer["Cache-Control"] == "no-store"
    assert AuditEvent.objects.filter(action="backup.download", object_name=row.name).exists()


def test_one_that_is_not_encrypted_is_for_superusers_alone():
    row, operator = with_file(), operators.client("Operator")
    address = reverse("admin:ghost_backup_download", args=[row.pk])

    shown = operator.get(operators.form_of("ghost_backup", row.pk)).content.decode()

    assert "Download" not in shown
    assert operator.get(address).status_code == 403
    assert operators.client("Viewer").get(address).status_code == 403
    answer = operators.client().get(address)
    assert answer.getvalue() == b"archive"


def test_a_file_on_another_host_is_told(client):
    row = make.backup(is_encrypted=True, host="ghost-7")

    answer = operators.client("Operator").get(
        reverse("admin:ghost_backup_download", args=[row.pk]), follow=True
    )

    assert "but on ghost-7" in answer.content.decode()
