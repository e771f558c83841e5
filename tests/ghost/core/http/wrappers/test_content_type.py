"""What a Content-Type may do: name a media type and a boundary, and nothing else."""

import io
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from ghost.core.http.wrappers.content_type import made_plain, plain

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", ""),
        ("application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("multipart/form-data; boundary=B; charset=rot13", "multipart/form-data; boundary=B"),
        ('multipart/form-data;BOUNDARY="a; b"', 'multipart/form-data; boundary="a; b"'),
        ("multipart/form-data; boundary*=rot13''B", "multipart/form-data"),
        ('multipart/form-data; boundary="', "multipart/form-data"),
    ],
)
def test_only_the_boundary_is_left(given, told):
    assert plain(given) == told


@pytest.mark.parametrize(
    "parameter", ["charset=rot13", "charset=undefined", "x*=nowhere''%41", "x*=idna''%ff"]
)
def test_no_parameter_makes_a_fault_of_ours(parameter):
    environ = RequestFactory().get("/api/resources", {"q": "é"}).environ
    environ |= {"CONTENT_TYPE": f"application/json; {parameter}", "wsgi.input": io.BytesIO()}
    statuses = []

    application: Any = made_plain(WSGIHandler())
    list(application(environ, lambda status, _headers: statuses.append(status)))

    assert statuses == ["401 Unauthorized"]


def test_gunicorn_serves_it_so():
    from ghost.wsgi import application

    environ = RequestFactory().get("/health").environ | {
        "CONTENT_TYPE": "text/plain; charset=rot13"
    }
    given: Any = application
    list(given(environ, lambda *_: None))

    assert environ["CONTENT_TYPE"] == "text/plain"
