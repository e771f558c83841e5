"""Magnet links, read strictly and written in one spelling.

BEP 9 (magnet), BEP 52 (v2 hashes), BEP 53 has `so`, which Ghost ignores. Everything in a magnet
is hostile input: bounded, parsed here without libtorrent, and only known parts are kept.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import quote, unquote

from django.utils.translation import gettext

from ghost.core.errors import RefusedError
from ghost.core.text.reasons import NONE, Reason
from ghost.core.text.unicode import one_line
from resources import reasons
from resources.torrents import link_parts, pasted_links
from resources.torrents.link_addresses import TRACKER_SCHEMES, WEB_SEED_SCHEMES, read
from resources.torrents.link_parts import Part

MAX_BYTES = 8192
MAX_NAME_CHARS = 255
MOST_NOTES = 20
MOST_CHARS_TOLD = 100
"""Of a part that is left out, as a note has it."""
MOST_LISTED, LISTED_CHARS = 200, 40
"""Of those beyond MOST_NOTES, which one note names in short."""
_NAMED_HASH = re.compile(r"urn:bt(?:ih|mh):[0-9a-z]{32}", re.IGNORECASE)
"""A second link in the name, however it begins."""
_HEX40 = re.compile(r"[0-9a-fA-F]{40}")
_BASE32 = re.compile(r"[A-Za-z2-7]{32}")
_MULTIHASH = re.compile(r"1220[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Magnet:
    """What a magnet link says. Hashes are lower-case hex: 40 digits (v1), 64 digits (v2)."""

    v1: str | None
    v2: str | None
    name: str = ""
    length: int | None = None
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    notes: tuple[Reason, ...] = field(default=(), compare=False)
    """What of the text that was read is not in it, or otherwise than it stood, and why."""

    @property
    def hash(self) -> str:
        """The identity under which Ghost stores it: v1 if there is one, else v2."""
        return self.v1 or self.v2 or ""

    @property
    def dht_keys(self) -> tuple[str, ...]:
        """The 40-digit keys under which its swarm lives in the DHT (BEP 5, BEP 52)."""
        return tuple(h[:40] for h in (self.v1, self.v2) if h)

    def uri(self) -> str:
        """The link in Ghost's one spelling: hashes, name, length, trackers, web seeds."""
        return self._uri

    @cached_property
    def _uri(self) -> str:
        parts = [f"xt=urn:btih:{self.v1}"] if self.v1 else []
        parts += [f"xt=urn:btmh:1220{self.v2}"] if self.v2 else []
        parts += [f"dn={quote(self.name, safe='')}"] if self.name else []
        parts += [f"xl={self.length}"] if self.length is not None else []
        parts += [f"tr={quote(url, safe='')}" for url in self.trackers]
        parts += [f"ws={quote(url, safe='')}" for url in self.web_seeds]
        link = "magnet:?" + "&".join(parts)
        # As a sentence ends, so a reader would take it for the end of one.
        return f"{link[:-1]}%2E" if link.endswith(".") else link


def parse(text: str) -> Magnet:
    """Read a magnet link as people paste it; RefusedError (field `magnet_uri`) names what is wrong with it.

    What of it is not kept is named in the `notes`. Links of the same torrent are put together, those of
    two are refused.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        text = text.strip()
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise _refused(gettext("A magnet link may have at most %d bytes.") % MAX_BYTES)
    pasted = pasted_links.read(text)
    if not pasted.links:
        raise _refused(gettext("A magnet link starts with magnet:?"))
    links = [link_parts.read(link) for link in pasted.links]
    parts = [part for link in links for part in link]
    if len(parts) > link_parts.MAX_PARTS:
        raise _refused(gettext("A magnet link may have at most %d parts.") % link_parts.MAX_PARTS)
    _require_one_torrent(links)
    magnet = _composed(parts)
    if pasted_links.START.search(magnet.uri(), 1) or _NAMED_HASH.search(_bare(magnet.name)):
        raise _two_links(magnet.hash, magnet.name)
    around = [reasons.TEXT_AROUND_LINK(part=_shortened(pasted.around))] if pasted.around else []
    again = [reasons.SAME_LINK_AGAIN(number=len(links))] if len(links) > 1 else []
    return replace(magnet, notes=(*again, *around, *magnet.notes))


def _bare(name: str) -> str:
    """A name as whoever hides a link in it would have it read: without blanks, width and escapes."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", unquote(name)))


def _require_one_torrent(links: list[list[Part]]) -> None:
    """RefusedError that names both unless all of them have a hash of the first."""
    if len(links) == 1:
        return
    first = _hashes(links[0])
    for link in links[1:]:
        try:
            other = _hashes(link)
        except RefusedError as error:
            raise _two_links(first[0] or first[1], "&".join(map(str, link))) from error
        if not any(one and one == another for one, another in zip(first, other, strict=True)):
            raise _two_links(first[0] or first[1], other[0] or other[1])


def _two_links(one: str | None, other: str | None) -> RefusedError:
    told = gettext(
        "There are two magnet links in one field, %(one)s and %(other)s: give one alone."
    )
    return _refused(told % {"one": one, "other": _shortened(other or "magnet:?")})


def _composed(parts: list[Part]) -> Magnet:
    v1, v2 = _hashes(parts)
    name, cut = _name(parts)
    magnet = Magnet(v1=v1, v2=v2, name=name, length=_length(parts))
    left_out = [(str(p), why) for p in parts if (why := _why_not(p))] + _repeated(parts)
    magnet, others = with_addresses(
        magnet,
        trackers=[p.value for p in parts if p.key == "tr"],
        web_seeds=[p.value for p in parts if p.key == "ws"],
    )
    return replace(magnet, notes=(*cut, *notes_of(left_out + others)))


def with_addresses(
    magnet: Magnet, *, trackers: Iterable[str], web_seeds: Iterable[str]
) -> tuple[Magnet, list[tuple[str, Reason]]]:
    """The link with these addresses as they were given, in their one spelling; and each part that is left
    out, with why."""
    tr, ws = read(trackers, TRACKER_SCHEMES), read(web_seeds, WEB_SEED_SCHEMES)
    left_out = [(f"tr={_shown(url)}", why) for url, why in tr.left_out]
    left_out += [(f"ws={_shown(url)}", why) for url, why in ws.left_out]
    magnet, too_many = fitting(magnet, trackers=tr.kept, web_seeds=ws.kept)
    return magnet, left_out + too_many


def fitting(
    magnet: Magnet, *, trackers: Iterable[str] = (), web_seeds: Iterable[str] = ()
) -> tuple[Magnet, list[tuple[str, Reason]]]:
    """The link with these as well, as many as it has room for: web seeds first; and the others with why
    they are left out."""
    room, left_out = MAX_BYTES - len(magnet.uri()), list[tuple[str, Reason]]()
    kept: dict[str, list[str]] = {"tr": list(magnet.trackers), "ws": list(magnet.web_seeds)}
    for key, urls in (("ws", web_seeds), ("tr", trackers)):
        for url in urls:
            if url in kept[key]:
                continue
            length = len(f"&{key}=") + len(quote(url, safe=""))
            if length > room:
                left_out.append((f"{key}={url}", reasons.NO_ROOM(number=MAX_BYTES)))
                continue
            room -= length
            kept[key].append(url)
    return replace(magnet, trackers=tuple(kept["tr"]), web_seeds=tuple(kept["ws"])), left_out


def _name(parts: list[Part]) -> tuple[str, list[Reason]]:
    """Its name as it is kept, and that it was cut if it was."""
    whole = one_line(next((p.value for p in parts if p.key == "dn" and p.is_utf8), ""))
    name = one_line(whole[:MAX_NAME_CHARS])
    return name, [reasons.NAME_CUT(number=MAX_NAME_CHARS)] if len(whole) > MAX_NAME_CHARS else []


def _length(parts: list[Part]) -> int | None:
    return next((int(p.value) for p in parts if p.key == "xl" and _is_length(p.value)), None)


def _is_length(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 18


def _why_not(part: Part) -> Reason:
    """Why it is not kept, whatever else the link has; none for what is, and for addresses."""
    match part.key:
        case "xt":
            is_hash = part.value.lower().startswith(("urn:btih:", "urn:btmh:"))
            return NONE if is_hash else reasons.OTHER_TOPIC()
        case "dn":
            return NONE if part.is_utf8 else reasons.NOT_UTF8()
        case "xl":
            return NONE if _is_length(part.value) else reasons.NO_LENGTH()
        case "tr" | "ws":
            return NONE
        case "x.pe":
            return reasons.PEER_ADDRESS()
    return reasons.PART_NOT_KEPT()


def _repeated(parts: list[Part]) -> list[tuple[str, Reason]]:
    """Names and lengths after the first that say something else."""
    found = list[tuple[str, Reason]]()
    for key in ("dn", "xl"):
        good = [p for p in parts if p.key == key and not _why_not(p)]
        found += [(str(p), reasons.SAID_BEFORE()) for p in good[1:] if p.value != good[0].value]
    return found


def notes_of(left_out: list[tuple[str, Reason]]) -> list[Reason]:
    """What a writer is told of parts of a link that are left out: why each of MOST_NOTES, and which others."""
    told = list(dict.fromkeys((_shortened(part), why) for part, why in left_out))
    notes = [reasons.LEFT_OUT(part=part, why=why) for part, why in told[:MOST_NOTES]]
    if more := [_shortened(part, LISTED_CHARS) for part, _why in told[MOST_NOTES:]]:
        listed = "; ".join(more[:MOST_LISTED]) + ("; …" if len(more) > MOST_LISTED else "")
        notes.append(reasons.MORE_LEFT_OUT(number=len(more), parts=listed))
    return notes


def _shortened(part: str, most: int = MOST_CHARS_TOLD) -> str:
    line = one_line(part)
    return line if len(line) <= most else f"{line[:most]}…"


def _shown(url: str) -> str:
    return url.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _hashes(parts: list[Part]) -> tuple[str | None, str | None]:
    topics = [part.value for part in parts if part.key == "xt"]
    v1 = {_v1(topic[9:]) for topic in topics if topic.lower().startswith("urn:btih:")}
    v2 = {_v2(topic[9:]) for topic in topics if topic.lower().startswith("urn:btmh:")}
    if not v1 and not v2:
        raise _refused(
            gettext("The magnet link has no BitTorrent hash (xt=urn:btih:… or xt=urn:btmh:…).")
        )
    if len(v1) > 1 or len(v2) > 1:
        one, other, *_more = sorted(v1 if len(v1) > 1 else v2)
        told = gettext("The magnet link names two different torrents, %(one)s and %(other)s.")
        raise _refused(told % {"one": one, "other": other})
    return next(iter(v1), None), next(iter(v2), None)


def _v1(digits: str) -> str:
    if _HEX40.fullmatch(digits):
        found = digits.lower()
    elif _BASE32.fullmatch(digits):
        found = base64.b32decode(digits.upper()).hex()
    else:
        raise _refused(gettext("After urn:btih: come 40 hexadecimal or 32 base32 characters."))
    if not int(found, 16):
        raise _refused(gettext("The info-hash is all zeros."))
    return found


def _v2(digits: str) -> str:
    if not _MULTIHASH.fullmatch(digits):
        raise _refused(gettext("After urn:btmh: come 1220 and 64 hexadecimal characters."))
    if not int(digits[4:], 16):
        raise _refused(gettext("The info-hash is all zeros."))
    return digits[4:].lower()


def normal_hash(text: str) -> str:
    """One info-hash (40 or 64 hex, 32 base32, 1220…), or that of a magnet link, as lower-case hex;
    RefusedError if none."""
    text = text.strip()
    if pasted_links.START.search(text):
        return parse(text).hash
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) and int(text, 16):
        return text.lower()
    try:
        return _v2(text) if _MULTIHASH.fullmatch(text) else _v1(text)
    except (RefusedError, binascii.Error) as error:
        raise RefusedError(
            gettext("An info-hash has 40 or 64 hexadecimal or 32 base32 characters."),
            field="info_hash",
        ) from error


def _refused(message: str) -> RefusedError:
    return RefusedError(message, field="magnet_uri")
