"""The link by which the first operator of an installation makes his account, once.

A start leaves one in a file that only the owner can read, as with the first Admin token. It lasts for a day,
and no longer than until there is an operator, however he came: then links and file are gone.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ghost.core.audit import access
from ghost.core.errors import RefusedError
from ghost.core.io.files import write_atomic

log = logging.getLogger(__name__)

FILE_NAME = "first-operator-link"
LASTS = timedelta(hours=24)
TOKEN_BYTES = 32


class FirstOperatorLink(models.Model):
    """A link that was made and not used; of its token only the hash, which is enough: it is random."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d %H:%M}"


def is_there() -> bool:
    """Whether somebody can sign in who may do everything, and let in others."""
    people = User.objects.filter(is_active=True, is_staff=True, is_superuser=True)
    return any(person.has_usable_password() for person in people)


def is_out_of_step() -> bool:
    """Whether nobody could come in, or a link is left although somebody can."""
    if is_there():
        return path().exists() or FirstOperatorLink.objects.exists()
    return not _is_live(_kept_token())


def sync() -> None:
    """A link in its file if nobody can sign in, else none; whoever calls it holds a lock
    (`ghost.operations.start.startup`)."""
    if is_there():
        _drop()
    elif not _is_live(_kept_token()):
        make()


def outdated() -> models.QuerySet[FirstOperatorLink]:
    """Links that are too old."""
    return FirstOperatorLink.objects.filter(expires_at__lte=timezone.now())


def make() -> Path:
    """The file with a new link. RefusedError if there is an operator."""
    with transaction.atomic():
        if is_there():
            raise RefusedError(_("There is an operator already, who lets others in."))
        token = secrets.token_urlsafe(TOKEN_BYTES)
        outdated().delete()
        FirstOperatorLink.objects.create(digest=_digest(token), expires_at=timezone.now() + LASTS)
        address = settings.GHOST.admin_address + reverse("first_operator", args=[token])
        path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(path(), f"{address}\n".encode(), mode=0o600)
    log.warning("Nobody can sign in to the admin yet. A link to begin with is in %s.", path())
    return path()


def make_anew() -> Path:
    """As `make`; earlier links open nothing any more."""
    with transaction.atomic():
        FirstOperatorLink.objects.all().delete()
        return make()


def is_open(token: str) -> bool:
    """Whether this link's token lets the first operator in."""
    return _is_live(token) and not is_there()


def redeem(token: str, person: User) -> User:
    """Make this person, whose password is hashed already, the first operator.

    Of those who try at once one succeeds: RefusedError for the others, and where the link is not
    open; ValidationError if there can be no such person.
    """
    with transaction.atomic():
        links = FirstOperatorLink.objects.select_for_update().order_by("pk")
        if _digest(token) not in {link.digest for link in links} or not is_open(token):
            raise RefusedError(_("This link has been used, or it is too old."))
        person.is_active = person.is_staff = person.is_superuser = True
        person.full_clean()
        person.save()
        access.note("user.first", person)
        _drop()
    return person


def path() -> Path:
    """Where the link stands, if there is one."""
    return Path(settings.GHOST.secrets_dir) / FILE_NAME


def _drop() -> None:
    FirstOperatorLink.objects.all().delete()
    path().unlink(missing_ok=True)


def _kept_token() -> str:
    try:
        return path().read_text().strip().rstrip("/").rpartition("/")[2]
    except OSError:
        return ""


def _is_live(token: str) -> bool:
    now = timezone.now()
    return FirstOperatorLink.objects.filter(digest=_digest(token), expires_at__gt=now).exists()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
