"""The builders of rows are cheap: the suite calls them some thousands of times."""

from __future__ import annotations

import pytest

from ghost.core.catalog.models import Catalog
from resources.models import Resource, findings
from resources.torrents import metadata
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def test_resource_takes_six_queries(django_assert_num_queries):
    make.resource()

    with django_assert_num_queries(6):
        make.resource()


def test_resource_is_as_its_gate_and_a_probe_leave_it():
    made = make.resource(tags=["Public domain", "公共领域"])
    stored = Resource(
        title="Another",
        magnet_uri=make.magnet(),
        content_markdown=made.content_markdown,
        tags=list(made.tags),
        category=made.category,
        publisher=made.publisher,
        published_at=made.published_at,
    )

    stored.store()
    findings.record_metadata(stored, make.torrent_metadata(stored.magnet_hash))

    assert _columns(made) == _columns(stored)
    assert [sorted(r.tag_index.values_list("slug", "name")) for r in (made, stored)] == [
        [("public-domain", "Public domain"), ("公共领域", "公共领域")]
    ] * 2
    assert (
        present(metadata.load(made.magnet_hash)).files
        == present(metadata.load(stored.magnet_hash)).files
    )


def test_public_resource_moves_the_catalog_and_a_draft_does_not():
    make.resource()
    before = Catalog.get().revision

    make.resource(published_at=None)
    make.resource(is_probed=False)
    assert Catalog.get().revision == before

    make.resource()
    assert Catalog.get().revision == before + 1


def _columns(row: Resource) -> dict[str, object]:
    """What is in the table, without what is another for each row; of moments, whether there is one."""
    own = {"id", "title", "title_folded", "magnet_uri", "magnet_hash"}
    values = Resource.objects.filter(pk=row.pk).values().get()
    return {
        name: value is not None if name.endswith(("_at", "_check")) else value
        for name, value in values.items()
        if name not in own
    }
