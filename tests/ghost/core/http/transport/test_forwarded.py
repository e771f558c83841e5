"""Whose word about the way of a request is believed."""

from __future__ import annotations

import ipaddress

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from ghost.core.http.transport.forwarded import ForwardedMiddleware

PROXY, STRANGER = "10.0.0.1", "203.0.113.9"


def scheme(came_from: str, told: str, was: str = "http") -> str | None:
    seen: list[str | None] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.scheme)
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR=came_from, HTTP_X_FORWARDED_PROTO=told)
    request.META["wsgi.url_scheme"] = was
    ForwardedMiddleware(view)(request)
    return seen[0]


@pytest.fixture(autouse=True)
def behind_a_proxy(configure):
    configure(trusted_proxies=(ipaddress.ip_network("10.0.0.0/8"),), behind_tls=True)


@pytest.mark.parametrize(
    ("came_from", "told", "expected"),
    [
        (PROXY, "https", "https"),
        (PROXY, "HTTPS", "https"),
        (PROXY, "https, https", "https"),
        (PROXY, "http", "http"),
        (PROXY, "https, http", "http"),
        (PROXY, "nonsense", "http"),
        ("", "https", "https"),  # a Unix socket's
        (STRANGER, "https", "http"),
        ("127.0.0.1", "https", "http"),
    ],
)
def test_a_trusted_proxy_alone_says_how_a_request_came(came_from, told, expected):
    assert scheme(came_from, told) == expected


def test_a_proxy_can_say_that_the_first_part_of_the_way_was_plain():
    assert scheme(PROXY, "http", was="https") == "http"
    assert scheme(STRANGER, "http", was="https") == "https"


def test_without_trusted_proxies_nobody_is_believed(configure):
    configure(trusted_proxies=())

    assert [scheme(each, "https") for each in (PROXY, "127.0.0.1", "")] == ["http"] * 3


@pytest.mark.parametrize("came_from", [PROXY, STRANGER])
def test_another_host_is_believed_of_nobody(client, configure, came_from):
    answer = client.get(
        "/admin/login/",
        REMOTE_ADDR=came_from,
        HTTP_X_FORWARDED_HOST="evil.example",
        HTTP_X_FORWARDED_PORT="444",
    )

    assert answer["Location"] == "https://testserver/admin/login/"
