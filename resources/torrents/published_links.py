"""The magnet link that is published of a resource: the same in every place, whoever shows it.

It names all known hashes, the torrent's own name, its size, the trackers of the stored link, those of
GHOST_DEFAULT_TRACKERS, and web seeds, as many as a link may have. No address of a private torrent is published, nor
any added (BEP 27).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from urllib.parse import quote

from django.conf import settings

from ghost.core.text.unicode import one_line
from resources.torrents import link_addresses, pasted_links
from resources.torrents.link_parts import MAX_PARTS
from resources.torrents.magnets import MAX_BYTES

MAX_NAME_CHARS = 255
_START = "magnet:?"
_V1_DIGITS = 40


@dataclass(frozen=True)
class Known:
    """What is known of a torrent beside its link."""

    title: str
    torrent_name: str = ""
    """Its own name, once a probe or a file has told it."""
    other_hash: str = ""
    """The half of a hybrid that the link doesn't name."""
    total_size_bytes: int | None = None
    is_private: bool = False


def compose(stored: str, known: Known) -> str:
    """The link to publish, of one in Ghost's spelling: put together of its parts as they stand there, since
    whole catalogs are composed at a time."""
    parts: dict[str, list[str]] = {"xt": [], "dn": [], "xl": [], "tr": [], "ws": []}
    for part in stored.removeprefix(_START).split("&"):
        parts.setdefault(part[:2], []).append(part)
    topics = sorted({*parts["xt"], *_topic(known.other_hash)})
    name = _name(known, parts["dn"])
    size = known.total_size_bytes
    length = parts["xl"] if size is None else [f"xl={size}"]
    named = [*topics, *name, *length]
    trackers, seeds = _fitting(named, parts) if not known.is_private else ([], [])
    link = _START + "&".join([*named, *trackers, *seeds])
    return f"{link[:-1]}%2E" if link.endswith(".") else link


def _fitting(named: list[str], parts: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    """Trackers and web seeds for which a link that names these has room; our own give way first."""
    own = dict.fromkeys(chain(parts["ws"], parts["tr"]))
    wanted = [*own, *(part for part in _default_trackers() if part not in own)]
    room = MAX_BYTES - len(_START) - len("%2E") - sum(len(part) + 1 for part in named)
    kept = list[str]()
    for part in wanted[: MAX_PARTS - len(named)]:
        room -= len(part) + 1
        if room < 0:
            break
        kept.append(part)
    return [p for p in kept if p.startswith("tr")], [p for p in kept if p.startswith("ws")]


def _topic(info_hash: str) -> list[str]:
    if not info_hash:
        return []
    is_v1 = len(info_hash) == _V1_DIGITS
    return [f"xt=urn:btih:{info_hash}" if is_v1 else f"xt=urn:btmh:1220{info_hash}"]


def _name(known: Known, of_link: list[str]) -> list[str]:
    """The torrent's own name, else the link's, else the title; none that has a link in it. Clients make
    files of them, so that none leads out of a folder."""
    given = [_part(known.torrent_name), *map(_harmless, of_link), _part(known.title)]
    return next(([part] for part in given if part and not _has_link(part)), [])


def _part(name: str) -> str:
    shown = one_line(one_line(name)[:MAX_NAME_CHARS])
    return _harmless(f"dn={quote(shown, safe='', errors='replace')}") if shown else ""


def _harmless(part: str) -> str:
    """A name as the page shows it (`sanitize.clean_name`): `_` for what parts folders, and for `..`."""
    name = part.removeprefix("dn=").replace("%2F", "_").replace("%5C", "_")
    return f"dn={'_' if name in _FOLDERS else name}"


_FOLDERS = frozenset({".", "..", "%2E", ".%2E"})
"""As the one spelling of links writes them."""


def _has_link(part: str) -> bool:
    return bool(pasted_links.START.search(part))


def _default_trackers() -> tuple[str, ...]:
    given = settings.GHOST.default_trackers
    return _written(given, settings.GHOST.allow_private_networks)


@lru_cache(16)
def _written(trackers: tuple[str, ...], _allows_private: bool) -> tuple[str, ...]:  # noqa: FBT001  # of the cache's key
    kept = link_addresses.read(trackers, link_addresses.TRACKER_SCHEMES).kept
    return tuple(f"tr={quote(url, safe='')}" for url in kept)
