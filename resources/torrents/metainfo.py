"""`.torrent` files: made of the info section that a probe brought, and read (BEP 3, 12, 19, 52).

Same magnet and same version of Ghost, same bytes: no date, and no comment, since the file outlives the
site's address. A v2 torrent's piece layers are no part of the info
section; clients that know v2 ask peers for them (docs/dht.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice

from django.utils.translation import gettext as _

from ghost.core import moments
from ghost.core.config.version import VERSION
from ghost.core.errors import RefusedError
from ghost.core.text.reasons import NONE, Reason
from ghost.core.text.unicode import one_line
from resources import reasons
from resources.torrents import bencode, info_sections, magnets, pasted_links, paths_out, sanitize
from resources.torrents.bencode import BencodeError, Value
from resources.torrents.magnets import Magnet
from resources.torrents.metadata import Metadata

MAX_BYTES = 64_000_000
MAX_DEPTH = info_sections.MAX_DEPTH
MAX_FILES = 40_000
MAX_URL_BYTES = bencode.MAX_BYTES
"""Of trackers, and of web seeds, as they stand in it."""
MAX_LABEL_BYTES = 100
"""Of the name of an encoding, as it stands in it."""
MAX_URLS = 1000
"""Of trackers and of web seeds; what a magnet link has no room for is left out anyway."""
TYPE = "application/x-bittorrent"


def why_not(found: Metadata, magnet: Magnet) -> Reason:
    """Why there is no file of it; none if there is one."""
    # What came after the section's end would name trackers and web seeds that nobody has checked.
    if not sanitize.is_of(magnet, found.info) or not bencode.is_dictionary(found.info):
        return reasons.NO_INFO_SECTION()
    name = paths_out.first(found.info)
    return reasons.PATH_LEADS_OUT(name=name) if name else NONE


def make(found: Metadata, magnet: Magnet) -> bytes | None:
    """The file, with the magnet's trackers and web seeds; None if there is a reason `why_not`.

    The info section goes in byte for byte.
    """
    if why_not(found, magnet):
        return None
    info, seeds = found.info, magnet.web_seeds
    maker = [b"10:created by", _string(f"Ghost {VERSION}")]
    parts = [*_announces(magnet.trackers), *maker, b"4:info", info]
    parts += [b"8:url-list", _list(map(_string, seeds))] if seeds else []
    return b"d%be" % b"".join(parts)


def read(body: bytes) -> tuple[Magnet, Metadata]:
    """The link to what a `.torrent` file is of, with its trackers and web seeds, and its file list.

    What stands behind its end, and blanks before it, is passed over, with a note: editors, mails and web
    servers leave line ends there, and byte order marks.
    The link names both halves of a hybrid. Pad files are not counted, names are cleaned.
    RefusedError (field `torrent`) with the reason for what is malformed, or beyond a bound: MAX_BYTES,
    MAX_FILES, MAX_DEPTH, MAX_URL_BYTES, `bencode.MAX_TOKENS` (so paths in all) and
    `info_sections.MAX_PARTS`. What is refused costs 0.2 s of a processor at most, what is read 1 s.
    """
    _require_bounds(body)
    before = _BLANKS.match(body)
    start = before.end() if before else 0
    body = body[start:] if start else body
    try:
        parts, end = bencode.split_first(body, max_bytes=MAX_BYTES)
        raw = parts.get(b"info", b"")
        info = bencode.decode(raw, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH) if raw else None
        urls = {key: _decoded(parts, key) for key in _URL_KEYS}
    except bencode.TooManyTokensError as error:
        told = _(
            "This is not a .torrent file that can be read: it has more than %d names, numbers and lists."
        )
        raise _refused(told % bencode.MAX_TOKENS) from error
    except bencode.TooDeepError as error:
        raise _refused(
            _("This is not a .torrent file: it is nested more than %d levels deep.") % MAX_DEPTH
        ) from error
    except BencodeError as error:
        raise _refused(_("This is not a .torrent file.")) from error
    if not isinstance(info, dict):
        raise _refused(_("The .torrent file has no info section."))
    magnet, found = _described(info_sections.read(info, raw, _encoding(parts)), urls)
    found, undated = _dated(found, parts.get(b"creation date", b""))
    rest = len(body) - end
    notes = [reasons.START_LEFT_OUT(number=start)] if start else []
    notes += [reasons.REST_LEFT_OUT(number=rest)] if rest else []
    return replace(magnet, notes=(*magnet.notes, *undated, *notes)), found


def _dated(found: Metadata, written: bytes) -> tuple[Metadata, list[Reason]]:
    """With the moment at which it was made, in seconds since 1970 (BEP 3), or that it can't be read."""
    if not written:
        return found, []
    number = _SECONDS.fullmatch(written)
    try:
        at = moments.in_range(datetime.fromtimestamp(int(number[1]), UTC)) if number else None
    except (ValueError, OverflowError, OSError, RefusedError):
        at = None
    return replace(found, created_at=at), [] if at else [reasons.DATE_LEFT_OUT()]


_SECONDS = re.compile(rb"i(-?[0-9]{1,18})e")


_BLANKS = re.compile(rb"(?:\xef\xbb\xbf|\s){1,100}")
_URL_KEYS = (b"announce", b"announce-list", b"url-list")


def _encoding(parts: dict[bytes, bytes]) -> str:
    """In which its names are, as it says itself: some clients gave the number of Windows' code page."""
    for key, make in ((b"encoding", _label), (b"codepage", lambda number: f"cp{number}")):
        found = parts.get(key, b"")
        if found and len(found) <= MAX_LABEL_BYTES:
            return str(make(bencode.decode(found)))
    return ""


def _label(value: Value) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else ""


def _require_bounds(body: bytes) -> None:
    """RefusedError for what is too much to be read, by what can be counted at once."""
    if len(body) > MAX_BYTES:
        raise _refused(_("A .torrent file may have at most %d MB.") % (MAX_BYTES // 1_000_000))
    files = max(map(body.count, _OF_EACH_FILE))
    if files > MAX_FILES:
        told = _("The .torrent file has %(number)d files; it may have at most %(most)d.")
        raise _refused(told % {"number": files, "most": MAX_FILES})


_OF_EACH_FILE = (b"6:lengthi", b"4:pathl")
"""How what belongs to one file begins (BEP 3, 52). What else has it, a name say, is nobody's."""


def _decoded(parts: dict[bytes, bytes], key: bytes) -> Value:
    found = parts.get(key, b"le")
    if len(found) > MAX_URL_BYTES:
        told = _(
            "The trackers or web seeds of the .torrent file have %(number)d bytes; they may have at most %(most)d."
        )
        raise _refused(told % {"number": len(found), "most": MAX_URL_BYTES})
    return bencode.decode(found, max_depth=3)


def _refused(reason: str) -> RefusedError:
    return RefusedError(reason, field="torrent")


def _described(torrent: sanitize.Torrent, urls: dict[bytes, Value]) -> tuple[Magnet, Metadata]:
    link = Magnet(
        v1=sanitize.v1(torrent.info) if torrent.is_v1 else None,
        v2=sanitize.v2(torrent.info) if torrent.is_v2 else None,
        name=""
        if pasted_links.START.search(torrent.name)
        else one_line(torrent.name)[:255].rstrip(),
        length=torrent.total_size_bytes,
    )
    found = sanitize.of_file(torrent)
    # Those of a private torrent tell who has uploaded it.
    if found.is_private:
        return link, found
    trackers = _named(urls[b"announce"], urls[b"announce-list"])
    link, left_out = magnets.with_addresses(
        link, trackers=trackers, web_seeds=_named(urls[b"url-list"])
    )
    return replace(link, notes=tuple(magnets.notes_of(left_out))), found


def _named(*values: Value) -> list[str]:
    """The addresses in these; `with_addresses` tells of those that the link has no room for."""
    return list(dict.fromkeys(islice(chain.from_iterable(map(_texts, values)), MAX_URLS)))


def _texts(value: Value) -> Iterator[str]:
    """The texts in it, also in lists: tiers of trackers are such."""
    if isinstance(value, bytes):
        yield value.decode("utf-8", "surrogateescape").strip()
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _announces(trackers: tuple[str, ...]) -> list[bytes]:
    """Each tracker in a tier of its own (BEP 12), and one for clients that know but one."""
    if not trackers:
        return []
    # Those that know but one don't know WebSockets either.
    first = min(trackers, key=lambda url: url.startswith(("ws:", "wss:")))
    tiers = _list(_list([_string(url)]) for url in trackers)
    return [b"8:announce", _string(first), b"13:announce-list", tiers]


def _list(items: Iterable[bytes]) -> bytes:
    return b"l%be" % b"".join(items)


def _string(text: str) -> bytes:
    body = text.encode()
    return b"%d:%b" % (len(body), body)
