"""What a response says: an answer, a problem, or to come again later."""

import json

import pytest
import requests

from ghost.client import RefusedError, SetupError
from ghost.client.errors import UNDER_WAY
from ghost.client.responses import accepted, is_cut, requested_pause_s


def response(status=200, body=b"{}", **headers):
    made = requests.Response()
    made.status_code, made._content, made.url = status, body, "https://ghost.example/api/x"
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


@pytest.mark.parametrize(
    ("answer", "pause_s"),
    [
        (response(200), None),
        (response(422), None),
        (response(409), None),
        (response(409, json.dumps({"type": UNDER_WAY}).encode()), 7),
        (response(429, Retry_After="120"), 120),
        (response(503, Retry_After="Mon, 01 Jan 2001 00:00:00 GMT"), 0),
        (response(503, Retry_After="soon"), 7),
        (response(503), 7),
        (response(502), 7),
        (response(504), 7),
    ],
)
def test_server_says_when_to_ask_again(answer, pause_s):
    assert requested_pause_s(answer, 7) == pause_s


def test_redirect_says_where_the_server_is():
    with pytest.raises(SetupError, match=r"it is at https://new\.example/: set GHOST_URL to that"):
        accepted(response(301, Location="https://new.example/"), is_resent=False)


def test_page_of_another_program_is_no_answer():
    with pytest.raises(SetupError, match="is no Ghost: it answers text/html"):
        accepted(response(200, b"<html>", Content_Type="text/html"), is_resent=False)


def test_refusal_tells_that_the_request_may_have_been_done_before():
    with pytest.raises(RefusedError) as caught:
        accepted(response(409, Idempotency_Replayed="true"), is_resent=True)

    assert caught.value.problem == {"replayed": True, "repeated": True}


def test_answer_without_all_its_bytes_is_cut():
    assert is_cut(response(200, b"half", Content_Length="8"))
    assert not is_cut(response(200, b"whole", Content_Length="5"))
    assert not is_cut(response(200, b"unzipped", Content_Length="20", Content_Encoding="gzip"))


def test_cursor_of_the_next_page_is_in_the_link():
    link = '<https://other.example/api/resources?cursor=abc&limit=2>; rel="next"'

    assert accepted(response(Link=link), is_resent=False).next_cursor == "abc"
    assert accepted(response(), is_resent=False).next_cursor is None
