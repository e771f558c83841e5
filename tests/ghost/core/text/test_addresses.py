"""An address leads where it seems to lead, or is none."""

import pytest
from django.core.exceptions import ValidationError

from ghost.core.text import addresses

ODD = [
    "https://archive.org@evil.example/", "https://archive.org:x@evil.example/", "https://@evil.example/",
    "https://archive.org%40evil.example/", "https://archive.org＠evil.example/",
    "https://archive.org\\@evil.example/", "https:\\\\evil.example", "https://evil.example\\a",
    "https://evil.example/\u202egro.evihcra", "https://arch\u200bive.org/", "https://archive.org\t.evil.example/",
    "https://archive.org /", "https://archive.org\n/", "https://archive.org\x00/", "https://archive.org:x/",
    "javascript:alert(1)", "JaVaScript://x/%0aalert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    "//evil.example/", "/relative", "https:///path", "https://", "", "http:evil.example", "blob:https://a/b",
]  # fmt: skip
PLAIN = [
    "https://archive.org/", "http://archive.org:8080/a?b=c#d", "https://archive.org/@ada/a%40b",
    "https://例え.jp/ä?ö", "https://xn--r8jz45g.jp/", "https://[2001:db8::1]/", "HTTPS://ARCHIVE.ORG/",
]  # fmt: skip


@pytest.mark.parametrize("url", ODD)
def test_what_may_mislead_is_no_address(url):
    assert not addresses.is_plain(url)
    with pytest.raises(ValidationError):
        addresses.require_plain(url)


@pytest.mark.parametrize("url", PLAIN)
def test_a_plain_address_is_one(url):
    addresses.require_plain(url)
