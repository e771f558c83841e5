"""Checksums as lines of text, the way people copy them from one place to another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext

from ghost.core.errors import RefusedError
from resources.provenance import HEX_DIGITS

_NAME = "|".join(HEX_DIGITS)
_LINE = re.compile(
    rf"(?:(?P<algorithm>{_NAME})\s*:\s*|(?P<word>{_NAME})\s+)?(?P<value>[0-9a-f]{{32,128}})"
    r"(?:[ \t]+\*?(?P<file>\S.*))?",
    re.IGNORECASE,
)
_TAGGED = re.compile(rf"(?P<algorithm>{_NAME}) \((?P<file>.+)\) = (?P<value>[0-9a-f]+)", re.I)
"""What `sha256sum --tag`, `b3sum --tag` and BSD's tools print."""
_BY_LENGTH = {HEX_DIGITS[name]: name for name in ("md5", "sha1", "sha256", "sha512")}
"""BLAKE2 and BLAKE3 have values of the same lengths, and are asked for by name."""


def lines(told: Sequence[dict[str, str]]) -> str:
    """`sha256:<hex>  <file>` for each, which `read` takes."""
    return "\n".join(
        f"{each['algorithm']}:{each['value']}  {each.get('file', '')}".rstrip() for each in told
    )


def read(text: str) -> list[dict[str, str]]:
    """The inverse; also the lines of `sha256sum` and its like. RefusedError names a line that
    can't be read."""
    return [_read(line) for line in map(str.strip, text.splitlines()) if line]


def _read(line: str) -> dict[str, str]:
    found = _TAGGED.fullmatch(line) or _LINE.fullmatch(line)
    if found is None:
        raise RefusedError(gettext("This line is not a checksum: %s") % line[:100])
    parts = found.groupdict()
    named = parts["algorithm"] or parts.get("word") or _BY_LENGTH.get(len(parts["value"]))
    if named is None:
        told = gettext("No checksum has %(digits)d hexadecimal digits: %(line)s")
        raise RefusedError(told % {"digits": len(parts["value"]), "line": line[:100]})
    return {"algorithm": named.lower(), "value": parts["value"], "file": parts["file"] or ""}
