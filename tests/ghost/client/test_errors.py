"""Errors with their exit statuses."""

import pytest

from ghost.client import OutageError, RefusedError, SetupError
from ghost.client.errors import DUPLICATE


@pytest.mark.parametrize(
    ("error", "exit_status"),
    [
        (RefusedError(422, {}), 1),
        (SetupError("x"), 2),
        (OutageError("x"), 3),
        (RefusedError(429, {}), 3),
        (RefusedError(503, {}), 3),
    ],
)
def test_each_error_has_its_exit_status(error, exit_status):
    assert error.exit_status == exit_status


def test_refusal_says_what_the_server_said():
    error = RefusedError(409, {"title": "Conflict", "detail": "It is listed.", "request_id": "7"})

    assert str(error) == "It is listed."
    assert error.as_json() == {
        "status": 409,
        "title": "Conflict",
        "detail": "It is listed.",
        "request_id": "7",
    }


@pytest.mark.parametrize(
    ("problem", "twin"),
    [
        ({"type": DUPLICATE, "resource_id": 5}, 5),
        ({"type": DUPLICATE}, None),
        ({"type": "about:blank", "resource_id": 5}, None),
    ],
)
def test_twin_is_the_resource_that_is_listed_already(problem, twin):
    assert RefusedError(409, problem).twin == twin
