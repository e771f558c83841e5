"""Where everything of the public site lies, and how its addresses become links.

An address starts at the root of the site: no base path, no language, no percent-encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from django.conf import settings

HOME = "/"
MISSING = "/404.html"
ALL_FEED = "/feeds/all"
RESCUE_FEED = "/feeds/rescue"
OPML = "/feeds.opml"
ICON = "/assets/icon.png"
SITEMAP = "/sitemap.xml"
LANGUAGE_NAMES = {"en": "English", "zh-hans": "简体中文"}


@dataclass(frozen=True)
class Language:
    """One language of the site: its code, own name, and the folder it lies in (`zh-hans/`)."""

    code: str
    label: str
    path: str


def languages() -> list[Language]:
    """All languages of the site; the first lies at the root."""
    return list(_languages(settings.GHOST.site_languages))


@lru_cache
def _languages(codes: tuple[str, ...]) -> tuple[Language, ...]:
    return tuple(
        Language(code, LANGUAGE_NAMES[code], f"{code}/" if number else "")
        for number, code in enumerate(codes)
    )


def without_language(shown: str) -> tuple[str, Language]:
    """Of a page's address with its language's folder before it: the address, and the language."""
    folders = (each for each in languages() if each.path and shown[1:].startswith(each.path))
    language = next(folders, languages()[0])
    return "/" + shown[1 + len(language.path) :], language


def resource(resource_id: int) -> str:
    """The page of a resource."""
    return f"/resources/{resource_id}/"


def category(path: str) -> str:
    """The bare page of a category."""
    return f"/categories/{path}/"


def tag(slug: str) -> str:
    """The bare page of a tag."""
    return f"/tags/{slug}/"


def publisher(slug: str) -> str:
    """The bare page of a publisher."""
    return f"/publishers/{slug}/"


def team(slug: str) -> str:
    """The bare page of a team."""
    return f"/teams/{slug}/"


def feed(kind: str, name: str) -> str:
    """The stem of a feed, to which `.xml`, `.atom` or `.json` comes: kind `categories`, `tags`,
    `publishers` or `teams`, and the path or slug."""
    return f"/feeds/{kind}/{name}"


def archive(stem: str, name: str) -> str:
    """The stem of an archive of the feed with that stem."""
    return f"/feeds/archive{stem.removeprefix('/feeds')}/{name}"


def torrent(magnet_hash: str) -> str:
    """The `.torrent` file of the resource with that hash."""
    return f"/torrents/{magnet_hash}.torrent"


def cover(resource_id: int) -> str:
    """The cover of a resource, in the size of its page."""
    return f"/assets/covers/{resource_id}.webp"


def thumbnail(resource_id: int) -> str:
    """The cover of a resource, in the size of a list's row."""
    return f"/assets/covers/{resource_id}-thumb.webp"


def origin() -> str:
    """Scheme and host of the site, or empty when it is not known where it will lie."""
    parts = urlsplit(settings.GHOST.public_baseurl)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def root() -> str:
    """Base path of all languages, with slashes at both ends."""
    return urlsplit(str(settings.GHOST.public_baseurl)).path


def link(address: str) -> str:
    """An address as others write it: percent-encoded, with the base, and the host if known."""
    return origin() + root() + encoded(address)


def encoded(address: str) -> str:
    """An address as it comes after the base: percent-encoded, and thus safe in XML too."""
    return quote(address.lstrip("/"))


def file_of(address: str) -> str:
    """The file, relative to the site's folder, in which the page or file at an address lies."""
    path = address.lstrip("/")
    return path + "index.html" if not path or path.endswith("/") else path
