from __future__ import annotations

import hashlib
import json

from builds.data.records import File, Page


def test_a_page_is_spelled_in_one_way_whatever_the_order_of_its_params():
    one = Page("/a/", "list", "A", {"x": 1, "y": 2})
    other = Page("/a/", "list", "A", {"y": 2, "x": 1})

    assert (one.json, one.digest) == (other.json, other.digest)


def test_rows_that_are_encoded_stand_beside_the_params():
    page = Page("/a/", "list", "公\ud800", rows=[b'{"n":1}', b'{"n":2}'])

    assert json.loads(page.json)["rows"] == [{"n": 1}, {"n": 2}]
    assert json.loads(page.json)["title"] == "公\ud800"


def test_a_file_is_known_by_its_sha256():
    file = File("/a.xml", b"<x/>")

    assert (file.digest, file.size) == (hashlib.sha256(b"<x/>").hexdigest(), 4)
