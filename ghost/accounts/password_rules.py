"""What a password must be like, by NIST SP 800-63B-4, section 3.1.1.2: long, and none that is guessed first.

Length counts, and nothing is asked of its composition. Django's own comparison with a person's name
is kept beside these (`settings.AUTH_PASSWORD_VALIDATORS`).
"""

from __future__ import annotations

import re

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.password_validation import CommonPasswordValidator, MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LEAST, MOST = 15, 256
"""Characters. 15 are asked for where a password may stand alone, and here a second factor is optional."""
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")
"""What fingers run along."""
RUN = 4
_SURROUNDED = re.compile(r"[\W\d_]*(.*?)[\W\d_]*", re.DOTALL)

Person = User | AnonymousUser | None


class LengthValidator(MinimumLengthValidator):
    """Django's, with an end: nobody types more, and all of it is hashed and compared."""

    def __init__(self) -> None:
        super().__init__(LEAST)

    def validate(self, password: str, user: Person = None) -> None:
        """ValidationError if it is too short or too long."""
        super().validate(password, user)  # type: ignore[arg-type]  # Django's stubs know no anonymous
        if len(password) > MOST:
            told = ngettext(
                "This password is too long. It may have %d character.",
                "This password is too long. It may have %d characters.",
                MOST,
            )
            raise ValidationError(told % MOST, code="password_too_long")

    def get_help_text(self) -> str:
        """Both ends."""
        told = _("Your password must have %(least)d to %(most)d characters; a few words will do.")
        return told % {"least": LEAST, "most": MOST}


class GuessableValidator(CommonPasswordValidator):
    """Django's list of 20,000 common passwords, and what people make of them to be long enough."""

    def validate(self, password: str, user: Person = None) -> None:
        """ValidationError if it is common, repeats itself, runs along the keys, or is one word known
        beforehand with digits and signs around it."""
        if len(password) > MOST:
            return  # it is refused already
        folded = password.casefold().strip()
        part = _repeated(folded)
        core = _SURROUNDED.fullmatch(part)
        words = {folded, part, core[1] if core else ""} - {""}
        if _is_run(folded) or len(part) < RUN or words & (self.passwords | _known(user)):
            raise ValidationError(
                _("This password is too easily guessed."), code="password_too_common"
            )

    def get_help_text(self) -> str:
        """What it can't be; everything else is taken."""
        return _(
            "Your password can't be a common one, nor your name or Ghost's with digits added."
            " Any characters will do, spaces too."
        )


def _repeated(text: str) -> str:
    """What it repeats, the last time perhaps in part: `abcabca` repeats `abc`. Else itself."""
    for length in range(1, len(text) // 2 + 1):
        if all(text[n] == text[n % length] for n in range(len(text))):
            return text[:length]
    return text


def _is_run(text: str) -> bool:
    """Whether it consists of RUN and more neighbours on a row, one after the other, either way."""
    rows = [row + row for row in _ROWS]
    rows += [row[::-1] for row in rows]
    while text:
        run = max(
            (n for n in range(len(text) + 1) if any(text[:n] in row for row in rows)), default=0
        )
        if run < min(RUN, len(text)):
            return False
        text = text[run:]
    return True


def _known(user: Person) -> set[str]:
    """Words that whoever attacks this installation tries first."""
    hosts = {part for host in settings.GHOST.allowed_hosts for part in (host, *host.split("."))}
    names = {"ghost", settings.GHOST.site_title, *hosts}
    if isinstance(user, User):
        names |= {user.username, user.first_name, user.last_name, *user.email.split("@")}
    return {name.casefold() for name in names}
