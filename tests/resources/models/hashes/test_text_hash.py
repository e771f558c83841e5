"""Which texts name which hashes: written with the text at every gate, found by a takedown at once."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ghost.core.catalog.models import Catalog, Change, Removal
from resources.models import Block, Resource, TextHash, findings, undo
from resources.models.hashes.text_hash import MOST_IN_TEXT
from resources.torrents import metadata
from tests import make, operators
from tests.resources.catalog_files import CATEGORY, PUBLISHER, RESOURCE

pytestmark = pytest.mark.django_db
H, OTHER = "da39a3ee5e6b4b0d3255bfef95601890afd80709", "ab" * 20


def found(*, is_of_files: bool = False) -> set[tuple[str, int]]:
    rows = TextHash.objects.present().filter(is_of_files=is_of_files)
    return set(rows.values_list("info_hash", "resource_id"))


def row_naming(*hashes: str, **kwargs) -> Resource:
    return make.resource(content_markdown=" ".join(hashes), **kwargs)


def mentions() -> list[int]:
    kind = Removal.Kind.MENTION
    return list(Removal.objects.filter(kind=kind).values_list("resource_id", flat=True))


def body(**values) -> dict:
    given = {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk}
    return given | values


def test_by_the_api_one_or_many_and_changed(call):
    token = make.admin()
    one = call(token, "post", "/resources", body(content_markdown=H)).json()["id"]
    call(token, "post", "/resources/bulk", [body(title=f"x {H}"), body()])
    many = Resource.objects.get(title=f"x {H}").pk
    assert found() == {(H, one), (H, many)}

    call(token, "patch", f"/resources/{one}", {"content_markdown": f"[a]({make.magnet(OTHER)})"})

    assert found() == {(OTHER, one), (H, many)}
    assert TextHash.objects.naming([H]) == {one, many}  # the site may show the former text yet


def test_by_the_admin(prober):
    row = make.resource()
    browser = operators.client()
    form = browser.get(operators.form_of("resources_resource", row.pk)).context["adminform"].form
    given = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in given.items() if value not in (None, False)}
    at = row.published_at
    data |= {"content_markdown": H, "published_at_0": f"{at:%Y-%m-%d}", "published_at_1": "10:00"}

    browser.post(operators.form_of("resources_resource", row.pk), data)

    assert found() == {(H, row.pk)}


def test_by_an_import(read):
    magnet = f"magnet:?xt=urn:btih:{OTHER}&tr=https%3A%2F%2Ft.example%2F{H}"
    read(PUBLISHER, CATEGORY, RESOURCE | {"magnet_uri": magnet})

    assert {each for each, _ in found()} == {H}


def test_by_what_a_probe_found_and_what_is_put_back():
    row = make.resource(is_probed=False)
    files = (metadata.File(f"work/{H}.iso", 1),)
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, files=files))
    assert found(is_of_files=True) == {(H, row.pk)}
    before = Resource.objects.get()
    row.magnet_uri, row.content_markdown = make.magnet(), OTHER
    row.store()
    assert (found(), found(is_of_files=True)) == ({(OTHER, row.pk)}, set())

    assert undo.put_back(row, before)

    assert found() == set()


def test_by_a_synthetic_catalog(monkeypatch):
    monkeypatch.setattr("resources.synthetic.Source.body", lambda self: H)

    call_command("generate_catalog", resources=2)

    assert {each for each, _ in found()} == {H}


def test_what_names_no_hash_costs_no_query_more():
    row = make.resource()
    row.title = "Another"

    with CaptureQueriesContext(connection) as said:
        row.store()

    assert not [each for each in said.captured_queries if "texthash" in each["sql"]]


def test_a_text_that_names_very_many_is_refused():
    hashes = [f"{number:040x}" for number in range(1, MOST_IN_TEXT + 2)]

    with pytest.raises(ValidationError, match="at most 500 info-hashes"):
        row_naming(*hashes)


BLOCKED = {
    "takedown": lambda row: row.take_down(reason="asked", by="test"),
    "many": lambda row: Resource.objects.filter(pk=row.pk).take_down(reason="asked", by="test"),
    "by hand": lambda row: operators.client().post(
        "/admin/resources/block/add/", {"info_hash": row.magnet_hash.upper(), "reason": "x"}
    ),
}


@pytest.mark.parametrize("way", BLOCKED)
def test_who_names_what_is_blocked_is_told_at_once(way):
    named = make.resource()
    naming, _other = row_naming(named.magnet_hash), row_naming(OTHER)

    BLOCKED[way](named)

    assert mentions() == [naming.pk]
    assert naming.pk in Change.objects.values_list("resource_id", flat=True)
    assert Catalog.get().urgent_revision == Catalog.get().removal_revision


def test_a_half_that_a_probe_finds_later_is_told_too():
    row = make.resource(is_probed=False)
    naming = row_naming("cd" * 32)
    row.take_down(reason="asked", by="test")
    assert mentions() == []

    found = make.torrent_metadata(row.magnet_hash, v1=row.magnet_hash, v2="cd" * 32)
    findings.record_metadata(row, found)

    assert mentions() == [naming.pk]


def test_an_imported_block_is_told_too(read):
    naming = row_naming(H)

    read({"type": "block", "info_hash": H, "reason": "x"})

    assert mentions() == [naming.pk]


def test_the_end_of_a_block_is_told_as_a_change():
    naming = row_naming(H)
    Block.objects.add([H], reason="x", by="test")
    before, block = Catalog.get(), Block.objects.get()

    operators.client().post(f"/admin/resources/block/{block.pk}/delete/", {"post": "yes"})

    assert not Block.objects.exists()
    assert Change.objects.filter(revision__gt=before.revision).get().resource_id == naming.pk
    assert Catalog.get().removal_revision == before.removal_revision


def test_names_of_people_categories_and_tags_can_have_no_hash():
    with pytest.raises(ValidationError, match="info-hash"):
        make.category(f"x {H}")
    with pytest.raises(ValidationError, match="info-hash"):
        make.category("x", slug=H)
    with pytest.raises(ValidationError, match="info-hash"):
        make.publisher(name=H.upper())
    with pytest.raises(ValidationError, match="info-hash"):
        make.resource(tags=[f"x-{OTHER}"])
