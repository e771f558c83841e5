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
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Plain = dict[str, Any] | str
"""A reason as values for JSON and for the queue's results: see `Reason.plain`."""


@dataclass(frozen=True)
class Reason:
    """A code with its parameters; empty, and false, where there is no reason to give."""

    code: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)
    """What the sentence names; a reason among them is said in the same language."""

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

    def plain(self) -> Plain:
        """As values for JSON; an empty text if there is no reason."""
        if not self.code:
            return ""
        params = {n: v.plain() if isinstance(v, Reason) else v for n, v in self.params.items()}
        return {"code": self.code, "params": params}

    def stored(self) -> str:
        """As a column keeps it: JSON, or an empty text."""
        return json.dumps(self.plain(), ensure_ascii=False, sort_keys=True) if self.code else ""

    def cleaned(self, clean: Callable[[str], str]) -> Reason:
        """With each text among its parameters as `clean` returns it."""
        return Reason(self.code, {n: _cleaned(v, clean) for n, v in self.params.items()})


Value = str | int | float | Reason
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
NOTHING_TO_DO = ReasonCode("nothing_to_do", _("nothing to do"))
"""What a task by the clock says that found nothing: it is not logged."""


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
            read = {name: from_plain(value) or value for name, value in params.items()}
            is_known = all(isinstance(each, Value) for each in read.values())
            return Reason(code, read) if is_known else None
    return None


def put_into_words(value: Any, say: Callable[[Reason], str] = str) -> Any:  # noqa: ANN401  # plain values, whatever their shape
    """This value with each plain reason in it as `say` says it; a list of them is one text."""
    reason = from_plain(value)
    if reason:
        return say(reason)
    match value:
        case dict():
            return {name: put_into_words(each, say) for name, each in value.items()}
        case [_, *_] if all(from_plain(each) for each in value):
            return "\n".join(put_into_words(each, say) for each in value)
    return value


def put_lines_into_words(text: str) -> str:
    """This text with each line that `Reason.stored` wrote in the active language."""
    return "\n".join(str(read(line)) for line in text.split("\n"))


class _Amount(int):
    """A number that is shown with its thousands apart."""

    def __str__(self) -> str:
        return f"{int(self):,}"


def _cleaned(value: Value, clean: Callable[[str], str]) -> Value:
    if isinstance(value, Reason):
        return value.cleaned(clean)
    return clean(value) if isinstance(value, str) else value


def _shown(value: Value) -> Value:
    if isinstance(value, int):
        return _Amount(value)
    return f"{value:g}" if isinstance(value, float) else value


def _unknown(reason: Reason) -> str:
    told = ", ".join([reason.code, *(f"{name}: {value}" for name, value in reason.params.items())])
    return gettext("A reason that this version of Ghost doesn't know (%s)") % told
