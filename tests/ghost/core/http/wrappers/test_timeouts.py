"""Servers that wait for bodies in their threads: gunicorn with TLS. The usual one is tests/ghost/core/server's."""

import socket

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from ghost.core.http.wrappers.timeouts import bounded


def test_silent_body_is_given_up(configure):
    configure(request_timeout_s=0.1)
    ours, theirs = socket.socketpair()
    environ = RequestFactory().post("/").environ
    environ |= {"gunicorn.socket": ours, "wsgi.input": ours.makefile("rb"), "CONTENT_LENGTH": "10"}

    def application(environ, start_response):
        return [WSGIRequest(environ).read()]

    with ours, theirs, pytest.raises(OSError, match="timed out"):
        bounded(application)(environ, lambda *_: lambda data: None)
