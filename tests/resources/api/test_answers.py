"""Mistakes in a request, told in plain words."""

import pytest

from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "sent", "errors"),
    [
        ("/resources", [], [("", "The body must be a JSON object.")]),
        ("/resources", 5, [("", "The body must be a JSON object.")]),
        ("/resources/1/takedown", None, [("", "The body must be a JSON object.")]),
        ("/resources/1/takedown", {"reason": "x", "y": 1}, [("y", "There is no such field.")]),
        (
            "/categories",
            {"name": "x", "parent_id": 77},
            [("parent_id", "There is no such category.")],
        ),
        (
            "/categories",
            {"name": "Linux"},
            [("slug", "There is already a category “linux” at this level.")],
        ),
    ],
)
def test_mistake_is_told_in_plain_words(call, path, sent, errors):
    make.category("Linux")

    answer = call(make.admin(), "post", path, sent).json()

    assert [(e["field"], e["message"]) for e in answer["errors"]] == errors


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (
            "/resources/",
            "There is nothing here; the address has no trailing slash: /api/resources",
        ),
        ("/nowhere/", "There is nothing here."),
    ],
)
def test_slash_too_many_is_told(call, path, detail):
    assert call(make.admin(), "get", path).json()["detail"] == detail


def test_title_of_a_problem_is_the_same_on_every_python(call):
    answer = call(make.admin(), "post", "/resources", {}).json()

    assert (answer["status"], answer["title"]) == (422, "Unprocessable Content")
