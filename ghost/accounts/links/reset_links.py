"""Links by mail to set a new password: one use, for half an hour, to the address that a person has here.

The page notes what was typed and a worker looks whose it is, so the answer tells nobody which addresses
are known, neither by its words nor by its time.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ghost.core.audit import access
from ghost.core.audit.models import AuditEvent
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import mail

MAILED, USED = "user.mail_reset_link", "user.reset_password"
LASTS = timedelta(minutes=30)
"""`settings.PASSWORD_RESET_TIMEOUT`, too."""
MOST_WAITING = 200
"""Requests that are kept while no mail goes out; what is more is dropped."""
MOST_PEOPLE = 5
"""With one address."""
MOST_MAILS, WINDOW = 3, timedelta(hours=1)
"""To one person: nobody's mailbox is filled."""


class ResetRequest(models.Model):
    """Somebody typed this address; whether it is anybody's, a worker finds out."""

    email = models.EmailField()
    language = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


def note(email: str) -> None:
    """Keep that this address was typed, for `send_waiting`."""
    if ResetRequest.objects.count() < MOST_WAITING:
        ResetRequest.objects.create(email=email, language=translation.get_language() or "en")


def outdated() -> models.QuerySet[ResetRequest]:
    """Requests as old as a link may be."""
    return ResetRequest.objects.filter(at__lte=timezone.now() - LASTS)


def send_waiting() -> int:
    """Send the links that were asked for; how many. OutageError if the mail server takes none: what is
    left is tried once more with the next request, as long as a link would last."""
    sent, failure = 0, None
    outdated().delete()
    for row in ResetRequest.objects.order_by("pk"):
        try:
            with translation.override(row.language):
                sent += sum(_send(person) for person in _people(row.email))
        except OutageError as error:
            failure = error
        else:
            row.delete()
    if failure:
        raise failure
    return sent


def use(person: User, token: str, password: str) -> None:
    """Set the password by a link's token. Of those who try at once one succeeds: RefusedError for the
    others, and for a link that is too old or used."""
    hashed = make_password(password)  # not in the transaction: it takes its time
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=person.pk)
        if not default_token_generator.check_token(row, token):
            raise RefusedError(_("This link has been used, or it is too old."))
        row.password = hashed
        row.save(update_fields=["password"])
        access.note(USED, row)


def _people(email: str) -> Iterator[User]:
    """Whose address it is, of those who sign in by a password and were not written to too often."""
    staff = User.objects.filter(email__iexact=email, is_active=True, is_staff=True)
    for person in staff.order_by("pk")[:MOST_PEOPLE]:
        mailed = AuditEvent.objects.filter(action=MAILED, object_key=str(person.pk))
        is_often = mailed.filter(at__gt=timezone.now() - WINDOW).count() >= MOST_MAILS
        if person.has_usable_password() and not is_often:
            yield person


def _send(person: User) -> bool:
    """To the address as it stands here: what was typed may look the same, and be another."""
    facts = {
        "name": person.get_username(),
        "site": " ".join(settings.GHOST.site_title.split()),
        "link": _link(person),
        "minutes": int(LASTS.total_seconds() // 60),
    }
    body = _(
        "Hello %(name)s,\n\nsomebody asked to reset your password at %(site)s. To set a new one, open"
        " this within %(minutes)s minutes:\n\n%(link)s\n\nIf it was not you, there is nothing to do: your"
        " password stays as it is.\n"
    )
    mail.send(person.email, _("Reset your password at %(site)s") % facts, body % facts)
    access.note(MAILED, person)
    return True


def _link(person: User) -> str:
    """Below the configured address: the host of a request may be forged."""
    key = base64.urlsafe_b64encode(str(person.pk).encode()).decode().rstrip("=")
    token = default_token_generator.make_token(person)
    path = reverse("account_reset_password_from_key", args=[key, token])
    return str(settings.GHOST.admin_address) + path
