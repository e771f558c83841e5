"""What the bytes of a request's head tell about how much is to come (RFC 9112, section 6).

These are hints for whoever waits. gunicorn's parser reads the same bytes afterwards, and it alone
decides: what is doubtful here is handed to it as it is.
"""

from __future__ import annotations

import re

MAX_HEAD_BYTES = 65_536
END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*(?=\r\n)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_LARGE = re.compile(rb"(?:\r\n)?POST /api/resources/from-torrent[ ?]")
_BEARER = re.compile(rb"\r\nauthorization:[ \t]*bearer ", re.IGNORECASE)
_HTTP_1_1 = re.compile(rb"[^\r\n]* HTTP/1\.1\r\n")


def end(head: bytes | bytearray, start: int = 0) -> int:
    """Where the body begins, or -1; nothing before `start` is looked at again."""
    skipped = 2 if head.startswith(b"\r\n") else 0  # one empty line may come before (section 2.2)
    at = head.find(END, max(start - len(END) + 1, skipped))
    return at + len(END) if at >= 0 else -1


def has_bare_line_feed(head: bytes | bytearray) -> bool:
    """Whether a line ends as none may (section 2.2): the parser refuses it, whatever follows."""
    return head.count(b"\n") != head.count(b"\r\n")


def body_bytes(head: bytes) -> int:
    """The length of the body; 0 for none, and where nobody can tell."""
    told = _LENGTH.findall(head)
    return int(told[0]) if len(told) == 1 and not _CODING.search(head) else 0


def is_large_upload(head: bytes) -> bool:
    """Whether somebody with a token brings a `.torrent` file."""
    return bool(_LARGE.match(head) and _BEARER.search(head))


def expects_continue(head: bytes) -> bool:
    """Whether the client wants to be told before it sends the body (RFC 9110, section 10.1.1)."""
    return bool(_EXPECT.search(head) and _HTTP_1_1.match(head))
