"""Magnet links, read strictly and written in one spelling.

BEP 9 (magnet), BEP 52 (v2 hashes), BEP 53 has `so`, which Ghost ignores. Everything in a magnet
is hostile input: bounded, parsed here without libtorrent, and only known parts are kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, quote

from django.conf import settings
from django.utils.translation import gettext

from ghost.core.errors import RefusedError
from ghost.core.io import ip_ranges
from ghost.core.text import addresses
from ghost.core.text.reasons import Reason
from ghost.core.text.unicode import one_line
from resources import reasons

MAX_BYTES = 8192
MAX_PARAMETERS = 200
TRACKER_SCHEMES = frozenset({"http", "https", "udp", "ws", "wss"})
WEB_SEED_SCHEMES = frozenset({"http", "https"})
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
        return "magnet:?" + "&".join(parts)


def parse(text: str) -> Magnet:
    """Read a magnet link; RefusedError (field `magnet_uri`) names what is wrong with it."""
    text = text.strip()
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise _refused(gettext("A magnet link may have at most %d bytes.") % MAX_BYTES)
    if not text.lower().startswith("magnet:?"):
        raise _refused(gettext("A magnet link starts with magnet:?"))
    try:
        pairs = parse_qsl(text[len("magnet:?") :], errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeDecodeError as error:
        raise _refused(gettext("The magnet link has text that is not UTF-8.")) from error
    except ValueError as error:
        raise _refused(
            gettext("A magnet link may have at most %d parts.") % MAX_PARAMETERS
        ) from error
    magnet = _from_pairs([(key.lower().partition(".")[0], value) for key, value in pairs])
    if len(magnet.uri()) > MAX_BYTES:  # escapes count too, in the spelling that is kept
        raise _refused(gettext("A magnet link may have at most %d bytes.") % MAX_BYTES)
    return magnet


def _from_pairs(pairs: list[tuple[str, str]]) -> Magnet:
    def values(wanted: str) -> list[str]:
        return [value.strip() for key, value in pairs if key == wanted]

    v1, v2 = _hashes(values("xt"))
    trackers = urls(values("tr"), TRACKER_SCHEMES)
    web_seeds = urls(values("ws"), WEB_SEED_SCHEMES)
    given = {"tr": trackers, "ws": web_seeds}
    out = [(f"{key}={v}") for key, kept in given.items() for v in values(key) if v not in kept]
    return Magnet(
        notes=tuple(reasons.LEFT_OUT(part=part, why=reasons.NOT_PUBLISHED()) for part in out),
        v1=v1,
        v2=v2,
        name=one_line(next(iter(values("dn")), ""))[:255].rstrip(),
        length=_length(values("xl")),
        trackers=trackers,
        web_seeds=web_seeds,
    )


def _hashes(topics: list[str]) -> tuple[str | None, str | None]:
    v1 = {_v1(topic[9:]) for topic in topics if topic.lower().startswith("urn:btih:")}
    v2 = {_v2(topic[9:]) for topic in topics if topic.lower().startswith("urn:btmh:")}
    if not v1 and not v2:
        raise _refused(
            gettext("The magnet link has no BitTorrent hash (xt=urn:btih:… or xt=urn:btmh:…).")
        )
    if len(v1) > 1 or len(v2) > 1:
        raise _refused(gettext("The magnet link names two different torrents."))
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
    """One info-hash (40 or 64 hex, 32 base32, 1220…) as lower-case hex; RefusedError if none."""
    text = text.strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) and int(text, 16):
        return text.lower()
    try:
        return _v2(text) if _MULTIHASH.fullmatch(text) else _v1(text)
    except (RefusedError, binascii.Error) as error:
        raise RefusedError(
            gettext("An info-hash has 40 or 64 hexadecimal or 32 base32 characters."),
            field="info_hash",
        ) from error


def _length(values: list[str]) -> int | None:
    digits = next(iter(values), "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        return None
    return int(digits)


def urls(values: Iterable[str], schemes: frozenset[str]) -> tuple[str, ...]:
    """Those that may be in a link, each once: of these schemes, and sent to a public host."""
    return tuple(dict.fromkeys(url for url in values if _is_url(url, schemes)))


def _is_url(url: str, schemes: frozenset[str]) -> bool:
    scheme, host = (_known if len(url) <= MOST_KNOWN else _scheme_and_host)(url)
    return scheme in schemes and _may_be_sent_to(host)


def _scheme_and_host(url: str) -> tuple[str, str]:
    """Both empty if it is no plain address, or not in ASCII."""
    parts = addresses.split(url) if url.isascii() else None
    return (parts.scheme, parts.hostname or "") if parts else ("", "")


MOST_KNOWN = 200
"""Characters of an address that is remembered: catalogs name the same few trackers ever again."""
_known = lru_cache(4096)(_scheme_and_host)


def _may_be_sent_to(host: str) -> bool:
    """Readers' clients contact it: it must not lie in their own network."""
    is_any_allowed = settings.GHOST.allow_private_networks and host
    return bool(is_any_allowed) or ip_ranges.is_public_host(host)


def _refused(message: str) -> RefusedError:
    return RefusedError(message, field="magnet_uri")
