"""Credentials don't stand in logs: those that are known by their value, and those that look like some."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
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

_HEADERS = "cookie|set-cookie|x-ghost-metrics-key|x-api-key|x-csrftoken|proxy-authorization"
_PARAMETERS = "api_?key|access_?key|token|access_token|csrfmiddlewaretoken|key|passw(?:or)?d|secret|sig|signature"
_PATTERNS = (
    (re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|\Z)"), MASK),
    (re.compile(r"\b(age-(?:secret-key|plugin)-[a-z0-9+._-]*?1)[0-9a-z]{6,}", re.I), r"\1…"),
    (re.compile(r"(ghost_[0-9A-Za-z]{6})[0-9A-Za-z]{20,}"), r"\1…"),
    (re.compile(r"\b(gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-)[\w-]{16,}"), r"\1…"),
    (re.compile(r"(://[^\s/:@'\"?#]*):[^\s/'\"]+@"), r"\1:…@"),
    (re.compile(r"\b(https?://)[^\s/:@'\"?#]+@"), r"\1…@"),
    (re.compile(r"\b(bearer|basic|digest) +[\w.~+/=-]{8,}", re.I), r"\1 …"),
    (re.compile(rf"\b({_HEADERS})(['\"]?\s*[:=]\s*['\"]?)[^\r\n'\"]+", re.I), r"\1\2…"),
    (re.compile(rf"([?&;]|\b)({_PARAMETERS})=[^\s&;'\",)]{{4,}}", re.I), r"\1\2=…"),
    (re.compile(r"\b((?:__Host-)?(?:sessionid|csrftoken))=[^\s;,'\"]+", re.I), r"\1=…"),
)
"""Private keys, age's too; our tokens and those of git's hosts; passwords and names in addresses; what
headers, parameters and cookies carry."""
_MAY_BE_ONE = re.compile(
    rf"://|=|-----BEGIN|age-|gh[pousr]_|ghost_|_pat_|glpat-|xox|sk-|bearer|basic|digest|{_HEADERS}",
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
