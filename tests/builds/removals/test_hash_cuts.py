"""Hashes cut out of files as they stand."""

from __future__ import annotations

import base64

import pytest

from builds.removals import hash_cuts

H, OTHER = "da39a3ee5e6b4b0d3255bfef95601890afd80709", "ab" * 20
HASHES = frozenset({H})
BASE32 = base64.b32encode(bytes.fromhex(H)).decode()


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (f"a {H} b", "a … b"),
        (f"a {H.upper()} {BASE32} {BASE32.lower()} b", "a … … … b"),
        (f'<a href="magnet:?xt=urn:btih:{H}&amp;dn=x" rel="y">z</a>', "<a>z</a>"),
        (f'<a href="https://host/{OTHER}">z</a>', f'<a href="https://host/{OTHER}">z</a>'),
        (f'{{"summary":"{H}"}}', '{"summary":"…"}'),
    ],
)
def test_as_they_are_written_they_are_cut(body, left):
    assert hash_cuts.without(body.encode(), HASHES).decode() == left
    assert not hash_cuts.is_left(left.encode(), HASHES)


def test_what_is_hidden_is_left_and_told():
    body = f"<p>{H[:9]}<em>{H[9:]}</em></p>".encode()

    assert hash_cuts.without(body, HASHES) == body
    assert hash_cuts.is_left(body, HASHES)
