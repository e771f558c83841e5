"""The index of tags."""

import pytest

from tests import make

pytestmark = pytest.mark.django_db


def test_tags_are_indexed_by_slug():
    row = make.resource(tags=["C++", "数据"])
    row.tags = ["数据", "New"]
    row.store()

    index = list(row.tag_index.order_by("pk").values_list("slug", "name"))
    assert index == [("数据", "数据"), ("new", "New")]


def test_tag_respelled_is_shown_anew():
    row = make.resource(tags=["linux"])
    row.tags = ["Linux"]
    row.store()

    assert [tag.name for tag in row.tag_index.all()] == ["Linux"]
