"""What is shown of a resource stays words."""

import pytest

from resources.models import findings
from resources.torrents import metadata
from tests import make, operators
from tests.resources.admin.filled_forms import RESOURCE

pytestmark = pytest.mark.django_db


def test_hostile_words_are_shown_as_words(operator):
    evil = "<script>alert(1)</script>"
    row = make.resource(title=evil, tags=[evil], content_markdown=evil, is_probed=False)
    findings.record_metadata(
        row,
        make.torrent_metadata(
            row.magnet_hash, files=(metadata.File(f"{evil}/{evil}", 1), metadata.File("b", 2))
        ),
    )
    row.take_down(reason=evil, by="x")

    pages = [
        operator.get(operators.list_of(RESOURCE)).content,
        operator.get(operators.form_of(RESOURCE, row.pk)).content,
        operators.act(operator, RESOURCE, "take_down", row).content,
        operator.get("/admin/").content,
    ]

    assert [b"<script>alert" in page for page in pages] == [False] * 4


def test_who_may_only_look_sees_tags_and_text_as_words():
    row = make.resource(tags=["a", "b"], content_markdown="one\n\n*two*")

    page = operators.client("Viewer").get(operators.form_of(RESOURCE, row.pk)).content.decode()

    assert "a, b" in page
    assert '<div class="ghost-typed">one\n\n*two*</div>' in page
