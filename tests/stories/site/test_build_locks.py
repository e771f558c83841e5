"""A build that is as long as real ones: its claim is renewed, its progress told, others write."""

from __future__ import annotations

import pytest

from builds import run
from builds.models import Build, EntryRow
from tests import make
from tests.presence import present


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [{"force": True}, {"verify": True}])
def test_a_long_build_can_write_while_it_reads(build, monkeypatch, kind):
    for _ in range(30):
        make.resource(tags=["film"])
    build()
    monkeypatch.setattr(run, "RENEW_EVERY_S", 0.001)
    monkeypatch.setattr(run, "REPORT_EVERY_S", 0)
    monkeypatch.setattr("builds.engine.full.BATCH", 3)
    monkeypatch.setattr("builds.run.REPORT_EVERY_ITEMS", 1)
    in_parts = type(EntryRow.objects.all()).in_parts
    monkeypatch.setattr(
        "builds.models.site.PartsQuerySet.in_parts",
        lambda self, *fields, rows=1: in_parts(self, *fields, rows=2),
    )

    build(**kind)

    assert present(Build.objects.first()).state in {"done", "unchanged"}
