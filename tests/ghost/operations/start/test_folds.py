"""What is stored of texts for comparing them follows the rules of this Ghost."""

from __future__ import annotations

import io
import logging

import pytest
from django.core.management import call_command
from django.db import connection

from ghost.core.audit.models import AuditEvent
from ghost.core.db import fields, refolding
from ghost.core.jobs.models import Job, JobKind
from ghost.core.text import folding
from ghost.operations.start import folds, startup
from resources import slugs
from resources.models import Resource, ResourceTag
from teams.models import Team, Token, public_names
from tests import make
from tests.results import said

pytestmark = pytest.mark.django_db
OTHER = chr(0xFDD0 + folding.VERSION + 1)


@pytest.fixture
def other_version(monkeypatch):
    """As if this Ghost had another fold: `ä` is `ae` in it."""
    for module in (fields, public_names):
        monkeypatch.setattr(module, "MARK", OTHER)

    def fold(text):
        return folding.fold(text.replace("ä", "ae"))

    monkeypatch.setattr(fields, "fold", fold)
    for module in (fields, public_names):
        monkeypatch.setattr(module, "name_key", lambda name: fold(name).replace(" ", ""))


def stored(model, column):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} ORDER BY id")
        return [value for (value,) in cursor.fetchall()]


def test_nothing_is_due_where_all_was_stored_by_these_rules():
    make.resource(title="Äpfel", tags=["a"])

    assert not folds.is_outdated()
    assert stored(Resource, "title_folded") == [folding.MARK + "apfel"]


def test_folds_of_another_version_are_made_anew(request):
    row = make.resource(title="Mein Bär", publisher=make.publisher(name="Bärbel"))
    request.getfixturevalue("other_version")
    assert folds.is_outdated()
    assert list(Resource.objects.searched("mein")) == [row]  # meanwhile

    told = said(folds.renew())

    assert not folds.is_outdated()
    assert stored(Resource, "title_folded") == [OTHER + "mein baer"]
    assert OTHER + "baerbel" in stored(Token, "name_key")
    assert list(Resource.objects.searched("baer")) == [row]
    assert told.startswith("texts to compare by made anew: titles and names 2, tags 0")


def test_of_two_names_that_become_one_the_older_keeps_it_and_the_other_is_named(request, caplog):
    older, newer, numbered = (
        make.publisher(name="Baer"),
        make.publisher(name="Bär"),
        make.publisher(name="Baer (2)"),
    )
    team = make.team(older, name="Crew")
    make.resource(publisher=newer)
    request.getfixturevalue("other_version")

    with caplog.at_level(logging.WARNING):
        told = said(folds.renew())

    names = {row.pk: row.display_name for row in Token.objects.all()}
    assert (names[older.pk], names[newer.pk], names[numbered.pk]) == ("Baer", "Bär (3)", "Baer (2)")
    assert "“Bär” → “Bär (3)”" in told
    assert "“Bär” → “Bär (3)”" in caplog.text
    assert Team.objects.get(pk=team.pk).name == "Crew"
    assert AuditEvent.objects.filter(action="token.update", object_key=str(newer.pk)).exists()
    assert not folds.is_outdated()


def test_tags_get_the_slugs_of_the_present_rules_and_none_is_lost():
    row = make.resource(tags=["Linux", "Films"])
    ResourceTag.objects.filter(name="Linux").update(slug="linu-x", rules=0)
    ResourceTag.objects.create(resource=row, slug="film-s", name="Fil\u200bms", rules=0)

    folds.renew()

    assert sorted(row.tag_index.values_list("slug", flat=True)) == ["films", "linux"]
    assert set(row.tag_index.values_list("rules", flat=True)) == {slugs.RULES}
    assert Resource.objects.get(pk=row.pk).tags == ["Linux", "Films"]
    assert not folds.is_outdated()


def test_a_start_asks_a_worker_once(request):
    make.resource(title="Bär")
    request.getfixturevalue("other_version")

    first, second = startup.put_right(), startup.put_right()

    assert "texts to compare by" in first
    assert second == []
    assert Job.objects.filter(kind=JobKind.FOLDS).count() == 1


def test_prepare_does_it_itself(request, configure, tmp_path):
    configure(secrets_dir=tmp_path / "secrets")
    make.resource(title="Bär")
    request.getfixturevalue("other_version")
    out = io.StringIO()

    call_command("prepare", stdout=out)

    assert "texts to compare by made anew: titles and names 2" in out.getvalue()
    assert not refolding.is_due()


def test_a_title_that_changes_meanwhile_keeps_its_own_fold(request, monkeypatch):
    row = make.resource(title="Before")
    request.getfixturevalue("other_version")
    field = Resource._meta.get_field("title_folded")
    keys = [row.pk]
    texts = fields.FoldedField.folded

    def changed_meanwhile(self, text):
        Resource.objects.filter(pk=row.pk).update(title="After", title_folded="after")
        return texts(self, text)

    monkeypatch.setattr(fields.FoldedField, "folded", changed_meanwhile)
    refolding._write(Resource, field, keys)

    assert stored(Resource, "title_folded") == [OTHER + "after"]
