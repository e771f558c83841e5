"""Credentials don't stand in logs: those that are known by their value, and those that look like some."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from ghost.core.config.env import Env
from ghost.core.config.values import is_secret, may_hold_password
from ghost.core.logs import context

MASK = "…"
FEWEST_CHARS = 6
"""Shorter ones are masked where they stand in an address alone: words of the log are made of them."""
NAMED_SO = re.compile(r"(?i)(password|passwd|secret|token|api_?key|access_key)(_FILE)?$")
"""Variables of other programs (PGPASSWORD, RSYNC_PASSWORD, AWS_SECRET_ACCESS_KEY) that hold one."""

REACH = 8_000
"""No secret is longer: a private key of 8192 bits has 6,400 characters."""

_HEADERS = "cookie|set-cookie|x-ghost-metrics-key|x-api-key|x-csrftoken"
_NAMES = r"(?:passw(?:or)?d|passphrase|pwd|secret(?:[_-]?key)?|token|(?:api|private)[_-]?key|access[_-]?key(?:[_-]?id)?)\d{0,3}"
"""What the names of credentials end in: `PGPASSWORD`, `client_secret`, `new_password1`."""
_GIVES = r"[ \t]{0,4}(?:[:=]|%(?:25)*3[AD])[ \t]{0,4}"
_USER = r"[^\s/:@'\"?#\[]"
# Each runs through a text once: what may be long is taken as it comes, or is bounded.
_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|\Z)"), MASK),
    (re.compile(r"\b(age-(?:secret-key|plugin)-[a-z0-9+._-]{0,60}?1)[0-9a-z]{6,}", re.I), r"\1…"),
    (re.compile(r"(ghost_[0-9A-Za-z]{6})[0-9A-Za-z]{20,}"), r"\1…"),
    (re.compile(r"\b(gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-)[\w-]{16,}"), r"\1…"),
    (re.compile(rf"\b(https?://){_USER}+:(?:x-oauth-basic)?@", re.I), r"\1…@"),
    (re.compile(rf"(://{_USER}*):[^\s/'\"]+@"), r"\1:…@"),
    (re.compile(rf"(://{_USER}*):(?!\d{{1,5}}[/?#])[^\s'\"@]{{1,200}}@(?:[^\s/'\"@]{{1,200}}@)?"), r"\1:…@"),
    (re.compile(rf"\b(https?://){_USER}+@", re.I), r"\1…@"),
    (re.compile(r"\b((?:proxy-)?authorization['\"]?\s{0,4}[:=]\s{0,4}['\"]?(?:(?:bearer|basic|digest)\s{1,4})?)[^\r\n'\"]+", re.I), r"\1…"),
    (re.compile(r"\b(bearer|basic|digest)(?:\s|%20|\+){1,4}[\w.~+/=-]{8,}", re.I), r"\1 …"),
    (re.compile(rf"\b({_HEADERS})(['\"]?\s{{0,4}}[:=]\s{{0,4}}['\"]?)[^\r\n'\"]+", re.I), r"\1\2…"),
    (re.compile(
        rf"(\bGHOST_[A-Z0-9_]+: )|({_NAMES}\\{{0,4}}['\"]?{_GIVES})"
        r"(?:(b?(\\{0,4}['\"]))(?:(?!\4)(?:\\.|[^\r\n]))+|[^\s&;'\",)}\]]+)", re.I,
    ), lambda found: found[1] or f"{found[2]}{found[3] or ''}{MASK}"),
    (re.compile(r"([?&;]|%(?:25)*(?:26|3F)|\b)(key|sig|signature)(=|%(?:25)*3D)[^\s&;'\",)]{4,}", re.I), r"\1\2\3…"),
    (re.compile(r"\b((?:__Host-)?sessionid)=[^\s;,'\"]+", re.I), r"\1=…"),
)  # fmt: skip
"""Private keys, age's too; our tokens and those of git's hosts; passwords and names in addresses; what
headers, parameters, settings and cookies carry. What is told about a variable of ours by its name stays readable:
its value is known."""
_MAY_BE_ONE = re.compile(
    rf"://|=|%(?:25)*3[AD]|-----BEGIN|age-|gh[pousr]_|ghost_|_pat_|glpat-|xox|sk-"
    rf"|authorization|bearer|basic|digest|{_HEADERS}|{_NAMES}",
    re.IGNORECASE,
)
"""What each of them has in it: most texts have none of this, and one look is enough."""

_known: tuple[str, ...] = ()


def learn(secrets: Iterable[str]) -> None:
    """Mask these wherever they stand from now on, in every spelling that programs write them in."""
    global _known  # of this process, as the configuration is
    spelt = {spelling for each in secrets for spelling in _spellings(each)}
    _known = tuple(sorted({*_known, *spelt}, key=len, reverse=True))


def mask(words: str) -> str:
    """The same without credentials."""
    for secret in (*_known, *context.current().secrets):
        if secret in words:
            words = words.replace(secret, MASK)
    if _MAY_BE_ONE.search(words):
        for pattern, shown in _PATTERNS:
            words = pattern.sub(shown, words)
    return words


def excerpt(words: str, most_chars: int) -> str:
    """The same, cut in the middle if it is longer. Only what may be shown is looked through, and no part of a
    secret that the cut goes through is left."""
    if len(words) <= most_chars:
        return mask(words)
    half = most_chars // 2
    begin = mask(words[: half + REACH])[:-REACH][:half]
    end = mask(words[-half - REACH :])[REACH:][-half:]
    left_out = len(words) - len(begin) - len(end)
    return f"{begin} {MASK} {left_out} characters left out {MASK} {end}"


def secrets_of(env: Env) -> Iterator[str]:
    """Every secret that the configuration holds, passwords in addresses too, and those that the
    environment has for other programs."""
    for name, field in Env.model_fields.items():
        values = _texts(getattr(env, name))
        if is_secret(field):
            yield from (part for value in values for part in (value, *_parts_of_secret(value)))
        elif may_hold_password(field):
            yield from (part for value in values for part in _passwords(value))
    for name, value in os.environ.items():
        if NAMED_SO.search(name) and not name.startswith("GHOST_"):
            yield value


def _texts(value: object) -> list[str]:
    if isinstance(value, (tuple, list)):
        return [text for each in value for text in _texts(each)]
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    return [value] if isinstance(value, str) else []


def _parts_of_secret(value: str) -> Iterator[str]:
    """Of an address that is a secret as a whole also its path: that is what errors tell of it."""
    yield from _passwords(value)
    if "://" in value:
        path = value.partition("://")[2].partition("/")[2]
        if path:
            yield f"/{path}"


def _passwords(address: str) -> Iterator[str]:
    """The password in an address, and who asks with it where that may be a token: over HTTP."""
    try:
        parts = urlsplit(address)
    except ValueError:  # it is refused when it is read; its secret is masked as a whole
        return
    found = [parts.password, *re.findall(r"[?&]password=([^&\s]+)", address)]
    if parts.scheme in ("http", "https"):
        found.append(parts.username)
    yield from filter(None, found)


def _spellings(secret: str) -> Iterator[str]:
    """As it is, in an address, and as Python and JSON write it between quotes."""
    for text in {secret, unquote(secret)}:
        for spelt in (
            text,
            quote(text),
            quote(text, safe=""),
            repr(text)[1:-1],
            json.dumps(text)[1:-1],
        ):
            if len(spelt) >= FEWEST_CHARS:
                yield spelt
