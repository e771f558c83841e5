import pytest

from ghost.core.server import request_head

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def head(*lines: bytes, version: bytes = b"1.1") -> bytes:
    return b"\r\n".join([b"POST / HTTP/" + version, *lines, b"", b""])


@pytest.mark.parametrize(
    ("given", "end"),
    [
        (GET, len(GET)),
        (GET + b"GET /", len(GET)),
        (b"\r\n" + GET, len(GET) + 2),
        (GET[:-1], -1),
        (b"\r\n\r\n", -1),
        (b"", -1),
    ],
)
def test_head_ends_with_an_empty_line(given, end):
    assert request_head.end(given) == end


@pytest.mark.parametrize("cut", range(1, len(GET)))
def test_end_is_found_wherever_the_bytes_were_cut(cut):
    assert request_head.end(GET, start=cut) == len(GET)


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([], 0),
        ([b"Content-Length: 12"], 12),
        ([b"content-length:12  ", b"A: b"], 12),
        ([b"X-Content-Length: 12"], 0),
        ([b"Content-Length: 12", b"Content-Length: 12"], 0),
        ([b"Content-Length: 12", b"Transfer-Encoding: chunked"], 0),
        ([b"Content-Length: 12", b"transfer-encoding : x"], 0),
        ([b"Content-Length : 12"], 0),
        ([b"Content-Length: -1"], 0),
        ([b"Content-Length: +1"], 0),
        ([b"Content-Length: 1, 1"], 0),
        ([b"Content-Length: 0x10"], 0),
        ([b"Content-Length: " + b"9" * 40], 0),
        ([b"Content-Length: \xd9\xa3"], 0),
    ],
)
def test_length_is_told_only_where_it_is_plain(lines, length):
    assert request_head.body_bytes(head(*lines)) == length


@pytest.mark.parametrize(
    ("given", "is_expected"),
    [
        (head(b"Expect: 100-continue"), True),
        (head(b"expect:100-Continue"), True),
        (head(b"Expect: 100-continue", version=b"1.0"), False),
        (head(b"Expect: something else"), False),
        (head(b"A: 100-continue"), False),
    ],
)
def test_client_who_waits_for_100_is_known(given, is_expected):
    assert request_head.expects_continue(given) is is_expected


@pytest.mark.parametrize(
    ("beginning", "is_bare"),
    [(b"GET / HTTP/1.1\n", True), (b"GET / HTTP/1.1\r\nA: b\n", True), (GET[:-1], False)],
)
def test_line_that_ends_as_none_may_is_known(beginning, is_bare):
    assert request_head.has_bare_line_feed(beginning) is is_bare
