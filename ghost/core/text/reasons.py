"""Reasons: why something failed or changed, stored as a code with parameters, without a sentence.

A worker that stores a reason doesn't know the language of those who will read it. The sentence of
each code stands in the `reasons` module of the app that gives it (`ghost.core.io.failures` and
`ghost.core.jobs.worker` for the floor), and is chosen when the reason is shown: `str(reason)` says
it in the active language. What another program said (git, Hugo, libtorrent) is a parameter.
See docs/decisions/0020-reasons.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Value = str | int | float


@dataclass(frozen=True)
class Reason:
    """A code with its parameters; empty, and false, where there is no reason to give."""

    code: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.code)

    def __hash__(self) -> int:
        return hash(self.stored())

    def __str__(self) -> str:
        """Its sentence in the active language."""
        if not self.code:
            return ""
        shown = {name: _shown(value) for name, value in self.params.items()}
        try:
            return str(CODES[self.code].sentence % shown)
        except (KeyError, TypeError, ValueError):  # another version's code, or its parameters
            return _unknown(self)

    @property
    def english(self) -> str:
        """The same in English: for logs, and for listeners whose language nobody knows."""
        with translation.override("en"):
            return str(self)

    def plain(self) -> dict[str, Any] | str:
        """As values for JSON; an empty text if there is no reason."""
        return {"code": self.code, "params": dict(self.params)} if self.code else ""

    def stored(self) -> str:
        """As a column keeps it: JSON, or an empty text."""
        return json.dumps(self.plain(), ensure_ascii=False, sort_keys=True) if self.code else ""

    def cleaned(self, clean: Callable[[str], str]) -> Reason:
        """With each text among its parameters as `clean` returns it."""
        params = {n: clean(v) if isinstance(v, str) else v for n, v in self.params.items()}
        return Reason(self.code, params)


NONE = Reason()
CODES: dict[str, ReasonCode] = {}
"""Every code, by its name."""


class ReasonCode:
    """A kind of reason: called with the parameters of its sentence, it makes a `Reason`.

    `code` is `<app>.<what>` and is stored, so it stays as it is. `sentence` is lazily translated,
    with named parameters; `ngettext_lazy` where a number decides.
    """

    def __init__(self, code: str, sentence: str | _StrPromise) -> None:
        if code in CODES:
            raise ValueError(f"two reasons have the code {code}")
        self.code, self.sentence = code, sentence
        CODES[code] = self

    def __call__(self, **params: Value) -> Reason:
        """The reason of this kind with these parameters."""
        return Reason(self.code, params)


WORDS = ReasonCode("words", "%(words)s")


def words(text: str) -> Reason:
    """The words of a person or another system, shown as they are in every language."""
    return WORDS(words=text) if text else NONE


def read(stored: str) -> Reason:
    """What `Reason.stored` wrote; any other text is taken as somebody's words.

    So is JSON with half of a surrogate pair, which no database and no page can hold.
    """
    if not stored:
        return NONE
    try:
        found = from_plain(json.loads(stored))
        if found:
            found.stored().encode()
    except (ValueError, RecursionError):
        found = None
    return found or words(stored)


def from_plain(value: object) -> Reason | None:
    """What `Reason.plain` made; None if this is something else."""
    match value:
        case {"code": str(code), "params": dict(params), **more} if code and not more:
            is_flat = all(isinstance(each, Value) for each in params.values())
            return Reason(code, params) if is_flat else None
    return None


def put_into_words(
    values: dict[str, Any] | None, say: Callable[[Reason], str] = str
) -> dict[str, Any] | None:
    """These values with each plain reason among them as `say` says it."""
    if values is None:
        return None
    found = {name: from_plain(value) for name, value in values.items()}
    return values | {name: say(reason) for name, reason in found.items() if reason}


class _Amount(int):
    """A number that is shown with its thousands apart."""

    def __str__(self) -> str:
        return f"{int(self):,}"


def _shown(value: Value) -> Value:
    if isinstance(value, int):
        return _Amount(value)
    return f"{value:g}" if isinstance(value, float) else value


def _unknown(reason: Reason) -> str:
    told = ", ".join([reason.code, *(f"{name}: {value}" for name, value in reason.params.items())])
    return gettext("A reason that this version of Ghost doesn't know (%s)") % told
