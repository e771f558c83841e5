"""What is wrong with a value that a schema refuses: a sentence of ours for each of pydantic's rules, in the
reader's language, with the limit that it is about. None of pydantic's own words reach anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

Sentence = str | Promise

DATE = _("must be a date and time with a zone, such as 2026-01-31T12:00:00+00:00")
SENTENCES: dict[str, Sentence] = {
    "missing": _("This field is needed."),
    "none_required": _("must be left out or null"),
    "extra_forbidden": _("There is no such field."),
    "model_type": _("must be a JSON object"),
    "model_attributes_type": _("must be a JSON object"),
    "dict_type": _("must be a JSON object"),
    "list_type": _("must be a list"),
    "string_type": _("must be a text"),
    "string_unicode": _("must be a text in UTF-8"),
    "int_type": _("must be a whole number"),
    "int_parsing": _("must be a whole number"),
    "int_parsing_size": _("is too large a number"),
    "int_from_float": _("must be a whole number"),
    "float_type": _("must be a number"),
    "float_parsing": _("must be a number"),
    "finite_number": _("must be a number, not an infinite one"),
    "bool_type": _("must be true or false"),
    "bool_parsing": _("must be true or false"),
    "greater_than": _("must be more than %(gt)s"),
    "greater_than_equal": _("must be at least %(ge)s"),
    "less_than": _("must be less than %(lt)s"),
    "less_than_equal": _("must be at most %(le)s"),
    "enum": _("must be one of these: %(expected)s"),
    "literal_error": _("must be one of these: %(expected)s"),
    "datetime_type": DATE,
    "datetime_parsing": DATE,
    "datetime_from_date_parsing": DATE,
    "datetime_object_invalid": DATE,
    "timezone_aware": _("needs a zone, such as the +00:00 of 2026-01-31T12:00:00+00:00"),
}
"""By the type of pydantic's error; a rule that counts has its own way, below."""
COUNTS: dict[str, tuple[str, Any]] = {
    "string_too_short": (
        "min_length",
        ngettext_lazy(
            "must have at least %(number)s character",
            "must have at least %(number)s characters",
            "number",
        ),
    ),
    "string_too_long": (
        "max_length",
        ngettext_lazy(
            "may have at most %(number)s character",
            "may have at most %(number)s characters",
            "number",
        ),
    ),
    "too_short": (
        "min_length",
        ngettext_lazy(
            "must have at least %(number)s item", "must have at least %(number)s items", "number"
        ),
    ),
    "too_long": (
        "max_length",
        ngettext_lazy(
            "may have at most %(number)s item", "may have at most %(number)s items", "number"
        ),
    ),
}
"""By type: where the limit stands, and the sentence that names it."""
OTHERWISE = _("This value is not valid.")
EMPTY = _("must not be empty")
_PATTERNS: dict[str, Sentence] = {}
_OURS = "Value error, "


def explain_pattern(pattern: str, sentence: Sentence) -> str:
    """That pattern; whoever breaks it reads this sentence, since few read regular expressions. It has one
    alone: with two, whichever module was imported last would say what is wrong."""
    if pattern in _PATTERNS:
        raise ValueError(f"{pattern} has a sentence already")
    _PATTERNS[pattern] = sentence
    return pattern


def is_explained(pattern: str) -> bool:
    """Whether a pattern has a sentence."""
    return pattern in _PATTERNS


def sentence(error: Mapping[str, Any]) -> str:
    """What one of pydantic's (or ninja's) errors says, in the language of the request.

    A rule of ours (`value_error`, or a type that pydantic doesn't have) has said it itself.
    """
    kind, limits, said = error["type"], error.get("ctx") or {}, str(error["msg"])
    if kind == "string_pattern_mismatch":
        return str(_PATTERNS.get(limits.get("pattern", ""), OTHERWISE))
    if kind in ("too_long", "too_short") and limits.get("field_type") == "Value":
        kind = f"string_{kind}"  # a text with a validator before its bounds
    if kind in COUNTS:
        return _counted(*COUNTS[kind], limits)
    if kind in SENTENCES:
        return str(SENTENCES[kind]) % _plain(limits)
    is_ours = kind in {"value_error", "twice", "unknown_parameter"}
    return said.removeprefix(_OURS) if is_ours else str(OTHERWISE)


def _counted(name: str, told: Any, limits: Mapping[str, Any]) -> str:  # noqa: ANN401  # Django's lazy plural
    number = int(limits.get(name, 0))
    if name == "min_length" and number == 1:
        return str(EMPTY)
    return str(told % {"number": number})


def _plain(limits: Mapping[str, Any]) -> dict[str, str]:
    """pydantic names what may be as `'a', 'b' or 'c'`."""
    found = {n: f"{v:g}" if isinstance(v, float) else str(v) for n, v in limits.items()}
    if "expected" in found:
        found["expected"] = ", ".join(re.findall(r"'([^']*)'", found["expected"]))
    return found


def place_in_json(error: ValueError) -> str:
    """Where a text is not JSON, of what its parser says: `line 2, column 7`."""
    at = re.search(r"line (\d+) column (\d+)", str(error))
    return str(_("line %(line)s, column %(column)s")) % {
        "line": at[1] if at else "1",
        "column": at[2] if at else "1",
    }
