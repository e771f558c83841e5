"""Licences and checksums of a resource."""

import pytest

from tests import make

pytestmark = pytest.mark.django_db


def body(**kwargs):
    return {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk} | kwargs


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"licence": " mit or apache-2.0 "}, {"licence": "MIT OR Apache-2.0"}),
        ({"source_url": "https://example.org/a"}, {"source_url": "https://example.org/a"}),
        (
            {"checksums": [{"algorithm": "sha1", "value": "AB" * 20, "file": "a/b.iso"}]},
            {"checksums": [{"algorithm": "sha1", "value": "ab" * 20, "file": "a/b.iso"}]},
        ),
    ],
)
def test_provenance_comes_in_and_is_shown(call, fields, shown):
    made = call(make.publisher(), "post", "/resources", body(**fields)).json()

    assert {name: made[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("licence", "WTF-1.0"),
        ("licence", "MIT AND"),
        ("licence", "(" * 190),
        ("source_url", "javascript:alert(1)"),
        ("source_url", "ftp://example.org/"),
        ("checksums", [{"algorithm": "sha256", "value": "ab" * 20}]),
        (
            "checksums",
            [
                {"algorithm": "sha1", "value": "ab" * 20},
                {"algorithm": "sha1", "value": "cd" * 20},
            ],
        ),
        ("checksums", [{"algorithm": "sha1", "value": "ab" * 20, "file": "a\nb"}]),
    ],
)
def test_provenance_that_is_none_is_refused(call, field, value):
    response = call(make.publisher(), "post", "/resources", body(**{field: value}))

    assert response.status_code == 422
    assert {each["field"] for each in response.json()["errors"]} == {field}


@pytest.mark.parametrize("licence", ["( ) -", "(and notand+ ", "()", "MIT ()"])
def test_licences_over_which_their_parser_trips_are_refused(call, licence):
    response = call(make.publisher(), "post", "/resources", body(licence=licence))

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "licence"


def test_checksums_are_bounded_in_all_and_one_fault_is_told(call):
    each = {"algorithm": "sha1", "value": "ab" * 20}
    long = [each | {"file": f"{n:04}" + "x" * 900} for n in range(400)]

    too_long = call(make.publisher(), "post", "/resources", body(checksums=long))
    wrong = call(make.publisher(), "post", "/resources", body(checksums=[{}] * 1000))

    assert (too_long.status_code, wrong.status_code) == (422, 422)
    assert [e["field"] for e in too_long.json()["errors"]] == ["checksums"]
    assert {e["field"] for e in wrong.json()["errors"]} == {
        "checksums.0.algorithm",
        "checksums.0.value",
    }
