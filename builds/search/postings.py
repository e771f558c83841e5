"""Ascending local numbers as text: the steps between them, in digits of five bits, highest first;
a digit of 32 or more says that another one follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
MAX_STEP = 10_000
STRETCH = 256
FEW = 8
"""Up to so many changes are made one by one."""


def _spelled(step: int) -> str:
    """A step is at least one, so one is written as zero."""
    rest, last = divmod(step - 1, 32)
    spelled = DIGITS[last]
    while rest:
        rest, digit = divmod(rest, 32)
        spelled = DIGITS[32 + digit] + spelled
    return spelled


_SPELLED = ["", *map(_spelled, range(1, MAX_STEP + 1))]
_STEPS = {spelled: step for step, spelled in enumerate(_SPELLED) if step}
_STEP = re.compile(f"[{re.escape(DIGITS[32:])}]*[{DIGITS[:32]}]")
_LONG = re.compile(f"[{re.escape(DIGITS[32:])}]{{2}}")
# What a digit is worth at the end of a step, and before that in a step of two.
_LAST = bytes(
    max(0, DIGITS.find(chr(code)) + 1) * (chr(code) in DIGITS[:32]) for code in range(256)
)
_MORE = bytes((DIGITS.find(chr(code)) - 32) * (chr(code) in DIGITS[32:]) for code in range(256))


def encode(numbers: Sequence[int]) -> str:
    """Of numbers from 0 to MAX_STEP - 1, ascending."""
    return "".join([_SPELLED[b - a] for a, b in pairwise([-1, *numbers])])


def decode(text: str) -> list[int]:
    """The numbers that `encode` was given."""
    return _numbers(_STEP.findall(text))


def edited(text: str, changes: Mapping[int, bool]) -> str:
    """With numbers added (True) or taken out; ValueError if one was there already, or was not."""
    if len(changes) > FEW:
        return _all_edited(text, changes)
    for number, is_added in changes.items():
        text = _one_edited(text, number, is_added)
    return text


def _all_edited(text: str, changes: Mapping[int, bool]) -> str:
    numbers = set(decode(text))
    added = {number for number, is_added in changes.items() if is_added}
    removed = changes.keys() - added
    if numbers & added or removed - numbers:
        raise ValueError("numbers were there already, or were not")
    return encode(sorted(numbers - removed | added))


def _one_edited(text: str, number: int, is_added: bool) -> str:  # noqa: FBT001  # a value, no switch
    """Reading no more than there is to: a common term has thousands of numbers."""
    at, before = _place(text, number)
    step = _STEP.match(text, at)
    reached = before + _STEPS[step[0]] if step else None
    if (reached == number) == is_added:
        raise ValueError(f"{number} was {'already' if is_added else 'not'} there")
    if is_added:
        to_next = _SPELLED[reached - number] if reached else ""
        return text[:at] + _SPELLED[number - before] + to_next + text[step.end() if step else at :]
    end = step.end() if step else at
    after = _STEP.match(text, end)
    if not after:
        return text[:at]
    return text[:at] + _SPELLED[number + _STEPS[after[0]] - before] + text[after.end() :]


def _place(text: str, number: int) -> tuple[int, int]:
    """Where the step begins that reaches a number or goes beyond it, and the number before it."""
    at, before = _skipped(text, number)
    for step in _STEP.finditer(text, at):
        reached = before + _STEPS[step[0]]
        if reached >= number:
            break
        at, before = step.end(), reached
    return at, before


def _skipped(text: str, number: int) -> tuple[int, int]:
    """The same, but maybe too early: whole stretches of steps, summed up digit by digit."""
    at, before, raw = 0, -1, text.encode()
    while (end := at + STRETCH) < len(raw) and not _LONG.search(text, at, end + 1):
        end += text[end - 1] in DIGITS[32:]  # no step is cut in two
        stretch = raw[at:end]
        reached = before + sum(stretch.translate(_LAST)) + 32 * sum(stretch.translate(_MORE))
        if reached >= number:
            break
        at, before = end, reached
    return at, before


def _numbers(steps: Iterable[str]) -> list[int]:
    return list(accumulate(map(_STEPS.__getitem__, steps), initial=-1))[1:]
