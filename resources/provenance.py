"""Where a work comes from: its licence, and checksums to tell the true one by."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from license_expression import ExpressionError, Licensing, get_spdx_licensing

from ghost.core.errors import RefusedError

MAX_CHECKSUMS = 1000
MAX_FILE_CHARS = 1000
MAX_CHARS = 300_000
"""Of all values and files together: lists show the checksums of many resources at once."""
HEX_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128, "blake2b": 128, "blake3": 64}
"""Algorithms, and how many digits their values have."""
_HEX = re.compile(r"[0-9a-f]+")


def clean_licence(text: str) -> str:
    """An SPDX licence expression (SPDX 2.3, annex D) in its usual spelling; empty if it is.

    RefusedError for one that can't be read, or names a licence that is not on SPDX's list.
    """
    if not text.strip():
        return ""
    try:
        parsed = _licences().parse(text.strip(), validate=True, strict=True)
    except (ExpressionError, AssertionError, LookupError) as error:  # some it just trips over
        message = _(
            "This is not an SPDX licence expression, such as CC-BY-4.0 or MIT OR Apache-2.0: %s"
        )
        raise RefusedError(message % error) from error
    return str(parsed.render("{symbol.key}"))


@cache
def _licences() -> Licensing:
    # Reading the list takes half a second: only who uses it pays.
    return get_spdx_licensing()


def clean_checksums(given: object) -> list[dict[str, str]]:
    """Checksums as they are stored: lower-case hex, one for each algorithm and file.

    RefusedError that names the first one at fault.
    """
    if not isinstance(given, list):
        raise RefusedError(_("Checksums must be a list."))
    if len(given) > MAX_CHECKSUMS:
        raise RefusedError(_("There are at most %d checksums.") % MAX_CHECKSUMS)
    kept: dict[tuple[str, str], dict[str, str]] = {}
    for each in given:
        one = _clean_checksum(each)
        at = one["algorithm"], one["file"]
        if kept.setdefault(at, one) != one:
            raise RefusedError(_("There are two %(algorithm)s checksums of “%(file)s”.") % one)
    if sum(map(weight, kept.values())) > MAX_CHARS:
        raise RefusedError(_("The checksums and the paths of their files are too long in total."))
    return list(kept.values())


def weight(checksum: dict[str, str]) -> int:
    """How many characters its value and its file's path have."""
    return len(checksum["value"]) + len(checksum["file"])


def _clean_checksum(given: Any) -> dict[str, str]:  # noqa: ANN401  # whatever JSON holds
    if not isinstance(given, dict) or set(given) - {"algorithm", "value", "file"}:
        raise RefusedError(
            _("A checksum needs an algorithm, a value and, if there are several files, a file.")
        )
    name, value = str(given.get("algorithm", "")).lower(), str(given.get("value", "")).lower()
    file = str(given.get("file") or "")
    digits = HEX_DIGITS.get(name)
    if digits is None:
        raise RefusedError(
            _("The algorithm of a checksum must be one of %s.") % ", ".join(HEX_DIGITS)
        )
    if len(value) != digits or not _HEX.fullmatch(value):
        message = _("A %(algorithm)s checksum has %(digits)d hexadecimal digits.")
        raise RefusedError(message % {"algorithm": name, "digits": digits})
    if len(file) > MAX_FILE_CHARS or not all(c.isprintable() for c in file):
        raise RefusedError(_("A file's path has at most 1,000 printable characters."))
    return {"algorithm": name, "value": value, "file": file}
