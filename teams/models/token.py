"""Tokens: bearer credentials of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.db.fields import LineField, NameField, NameKeyField
from ghost.core.db.nowait import nowait
from ghost.core.db.outages import OUTAGES
from ghost.core.errors import ConflictError, ForbiddenError, RefusedError, RevokedError
from ghost.core.moments import require_in_range
from teams import credentials, reasons
from teams.models import public_names
from teams.roles import Role
from teams.token_schemes import Scheme

LAST_USED_EVERY = timedelta(minutes=1)
OVERLAP = timedelta(hours=24)
"""For so long the former form of a rotated token still opens the API."""
_BY_HASH = "SELECT * FROM teams_token WHERE token_hash = %s OR old_hash = %s"
"""Asked by every request: the ORM takes ten times as long to write this query as a database to
answer it."""
WARNED_EVERY = timedelta(days=1)
AUDITED = (
    "role", "display_name", "scope_team_id", "note", "expires_at", "needs_review", "is_read_only", "is_inert",
)  # fmt: skip
ROTATED = ("token_hash", "prefix", "scheme", "old_hash", "old_hash_until")


class TokenQuerySet(models.QuerySet["Token"]):
    """Tokens, and which of them open the API or may be managed by another."""

    def usable(self) -> Self:
        """Tokens that open the API now."""
        now = timezone.now()
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=now),
            revoked_at=None,
            is_inert=False,
        )

    def full_admins(self) -> Self:
        """Usable Admin tokens that may do all that an Admin may: one of them has to be left."""
        return self.usable().filter(role=Role.ADMIN, is_read_only=False)

    def find_usable(self, raw: str) -> Token | None:
        """The usable token that this raw one is, if any; one query, none for a typing error.

        Raw forms of the earlier Ghost are found by `legacy_tokens.find`.
        """
        if not credentials.is_well_formed(raw):
            return None
        digest = credentials.digest(raw)
        token = next(iter(self.raw(_BY_HASH, [digest, digest])), None)
        if token is None or not token.opens_with(digest):
            return None
        token.is_former = token.token_hash != digest
        return token

    def of_form(self, token_hash: str) -> Self:
        """Those whose raw form has this hash, now or in the overlap of a rotation."""
        now = timezone.now()
        return self.filter(
            models.Q(token_hash=token_hash) | models.Q(old_hash=token_hash, old_hash_until__gt=now)
        )

    def acting_for(self, token: Token) -> Self:
        """This token and those of the members of its teams."""
        return self.filter(models.Q(pk=token.pk) | models.Q(scope_team__owner=token))

    def get_by_hash(self, *hashes: str) -> Token:
        """The token with one of these hashes, or that had it before its last rotation, usable or
        not; DoesNotExist if none."""
        return self.with_hash(*hashes).get()

    def with_hash(self, *hashes: str) -> Self:
        """Those that have one of these hashes, or had it before their last rotation."""
        return self.filter(models.Q(token_hash__in=hashes) | models.Q(old_hash__in=hashes))

    def for_rotation(self, token_hash: str, *, by: Token) -> Token:
        """The token of this hash, if `by` may give it a new raw form: an Admin any, others their
        own; DoesNotExist if there is none.

        Nobody rotates with the former form of a token, not even others: whoever found that one
        would have a token for good.
        """
        if by.is_former:
            raise ForbiddenError(str(_("Rotate a token by its current form.")))
        if by.is_admin and by.token_hash != token_hash:
            return self.get(token_hash=token_hash)
        if token_hash != by.token_hash:
            raise ForbiddenError(str(_("You can rotate only your own token.")))
        return by

    def expired_unused(self, before: datetime) -> Self:
        """Invitations that expired before then, and that nobody ever used: nothing hangs on them."""
        members = self.filter(role=Role.TEAM_MEMBER, expires_at__lt=before, last_used_at=None)
        return members.filter(resources=None)

    def issue(
        self,
        role: Role,
        display_name: str,
        *,
        team_id: int | None = None,
        expires_at: datetime | None = None,
        note: str = "",
        needs_review: bool = False,
        is_read_only: bool = False,
    ) -> tuple[Token, str]:
        """A new token and its raw form, which can't be had again. ValidationError if it can't be."""
        raw = credentials.make()
        token = Token(
            token_hash=credentials.digest(raw),
            prefix=raw[: credentials.SHOWN],
            role=role,
            display_name=display_name,
            scope_team_id=team_id,
            expires_at=expires_at,
            note=note,
            needs_review=needs_review,
            is_read_only=is_read_only,
        )
        with Catalog.turn():  # of two with one name that come at once, the second sees the first
            token.full_clean()
            token.save(force_insert=True)
            trail.record("token.issue", token, None, token.audited())
        return token, raw

    def activate(self) -> int:
        """Let those that came with a file, and were not revoked, open the API; how many there were.

        An Admin's by its present raw form alone: no other one was confirmed.
        """
        with Catalog.turn():
            rows = list(self.filter(is_inert=True, revoked_at=None).select_for_update(of=("self",)))
            ours = Token.objects.filter(pk__in=[row.pk for row in rows])
            ours.filter(role=Role.ADMIN).update(old_hash_until=None)
            ours.update(is_inert=False)
            changes = ((row, {"is_inert": True}, {"is_inert": False}) for row in rows)
            trail.record_all("token.activate", changes)
        return len(rows)


class Token(models.Model):
    """A bearer credential of the API. The row is the identity; only a keyed hash is stored."""

    is_former = False  # whether this very request came with the form before a rotation

    token_hash = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    scheme = models.CharField(max_length=8, choices=Scheme, default=Scheme.GHOST, editable=False)
    old_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    old_hash_until = models.DateTimeField(_("previous form ends"), null=True, editable=False)
    """A rotation's overlap: its former raw form opens the API as well until then."""
    is_inert = models.BooleanField(_("not activated"), default=False, editable=False)
    """It came with a file, and nobody has said yet that it may be used: it opens nothing."""
    is_read_only = models.BooleanField(
        _("read-only"),
        default=False,
        help_text=_("It can read, listen to events and search by Torznab, and nothing else."),
    )
    needs_review = models.BooleanField(
        _("needs review"),
        default=False,
        help_text=_("What it and its teams publish needs an operator's approval."),
    )
    prefix = models.CharField(_("starts with"), max_length=16, editable=False)
    role = models.CharField(_("role"), max_length=16, choices=Role)
    scope_team = models.ForeignKey(
        "Team",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("team"),
        help_text=_("The team that a team member publishes for; empty for the other roles."),
    )
    display_name = NameField(
        _("public name"),
        max_length=100,
        validators=[MinLengthValidator(1)],
        error_messages={"blank": _("A name is required.")},
        help_text=_("Shown on the public site as the publisher."),
    )
    name_key = NameKeyField(of="display_name")
    note = LineField(
        _("note"), max_length=300, blank=True, help_text=_("For operators; never published.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, validators=[require_in_range]
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    sent_in_address_at = models.DateTimeField(null=True, editable=False)
    """When it was last warned of being sent in an address though it can write."""

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        constraints = [
            models.CheckConstraint(
                name="teams_token_scope_fits_role",
                condition=(
                    models.Q(role=Role.TEAM_MEMBER, scope_team__isnull=False)
                    | (~models.Q(role=Role.TEAM_MEMBER) & models.Q(scope_team__isnull=True))
                ),
                violation_error_message=_("A team member has a team; the other roles have none."),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def clean(self) -> None:
        """A token can't begin its life expired, nor with somebody else's name."""
        public_names.require_free(self, "display_name", self.beside())
        if self.expires_at and self._state.adding and self.expires_at <= timezone.now():
            raise ValidationError({"expires_at": _("This time is in the past.")})

    @property
    def is_admin(self) -> bool:
        """Whether this is an Admin token."""
        return self.role == Role.ADMIN

    @property
    def is_usable(self) -> bool:
        """Whether it opens the API now."""
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not is_over and not self.is_inert

    def opens_with(self, token_hash: str) -> bool:
        """Whether the raw form of this hash, its present or former one, opens the API now."""
        is_present = self.token_hash == token_hash
        until = self.old_hash_until if self.old_hash == token_hash else None
        return self.is_usable and (is_present or (until is not None and until > timezone.now()))

    def store(self) -> None:
        """Save what people may change of it; a new name changes the catalog if something of its is
        public."""
        with Catalog.turn():
            old = Token.objects.select_for_update().get(pk=self.pk)
            self.full_clean()
            self.save(
                update_fields=["display_name", "name_key", "note", "expires_at", "needs_review"]
            )
            trail.record("token.update", self, old.audited(), self.audited())
            if old.display_name != self.display_name and self.resources.public().exists():
                Catalog.advance(reasons.RENAMED(name=str(self)))

    def beside(self) -> models.QuerySet[Any]:
        """Teams that it has nothing to do with: it must not have their names."""
        return public_names.teams_beside(self.pk, self.scope_team_id)

    def audited(self) -> dict[str, object]:
        """What people decide about it, for the audit trail; no form of the token itself."""
        return {name: getattr(self, name) for name in AUDITED}

    @property
    def is_reviewed(self) -> bool:
        """Whether what it publishes waits for approval: its own, or its team's owner's."""
        owner = self.scope_team.owner if self.scope_team else self
        return not self.is_admin and (self.needs_review or owner.needs_review)

    def require_usable(self) -> None:
        """RevokedError if it was revoked, or has expired, since the request was let in.

        Called in the transaction of a write: whoever revokes it is then either before the write,
        or after all of it.
        """
        self._require_among(Token.objects.usable().select_for_update(no_key=True))

    def require_usable_now(self) -> None:
        """RevokedError as of `require_usable`, for what writes nothing: nothing is locked."""
        self._require_among(Token.objects.usable())

    def _require_among(self, usable: TokenQuerySet) -> None:
        if not usable.filter(pk=self.pk).exists():
            raise RevokedError(str(_("This token was revoked or expired in the meantime.")))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A transaction of a write by this token, with the catalog to itself: `require_usable`.

        A revocation takes a turn too, so that nothing is issued or shown by whom it has ended.
        """
        with Catalog.turn():
            self.require_usable()
            yield

    def rotate(self, *, overlap: timedelta = OVERLAP) -> str:
        """A new raw form, which can't be had again; the present one opens for `overlap` more.

        The row stays, and with it all that it owns. RefusedError if it is not usable any more,
        ConflictError if somebody else rotated it meanwhile.
        """
        raw = credentials.make()
        with transaction.atomic():
            row = Token.objects.select_for_update().get(pk=self.pk)
            if row.is_inert:
                raise RefusedError(str(_("It came with an import: activate it first.")))
            if not row.is_usable:
                raise RefusedError(str(_("It was revoked or has expired; issue another token.")))
            if row.token_hash != self.token_hash:
                raise ConflictError(str(_("Somebody else rotated it in the meantime.")))
            row.old_hash, row.old_hash_until = row.token_hash, timezone.now() + overlap
            row.token_hash, row.prefix = credentials.digest(raw), raw[: credentials.SHOWN]
            row.scheme = Scheme.GHOST
            row.save(update_fields=[*ROTATED])
            trail.record("token.rotate", row)
        for name in ROTATED:
            setattr(self, name, getattr(row, name))
        return raw

    def touch(self) -> None:
        """Remember that it was used, at most once a minute; not while others write, since no
        request waits for that: then the next one does."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at >= LAST_USED_EVERY:
            with suppress(*OUTAGES), nowait():
                Token.objects.filter(pk=self.pk).update(last_used_at=now)

    def warn_of_address(self) -> bool:
        """Whether it is time to warn that this token, which can write, came in an address; then
        that is remembered, not while others write, for WARNED_EVERY."""
        now = timezone.now()
        last = self.sent_in_address_at
        if self.is_read_only or (last is not None and now - last < WARNED_EVERY):
            return False
        ours = Token.objects.filter(pk=self.pk, sent_in_address_at=last)
        with suppress(*OUTAGES), nowait():
            return bool(ours.update(sent_in_address_at=now))
        return False

    def revoke(self, *, cascade: bool = True) -> int:
        """End it, and with `cascade` the tokens of its teams; how many were ended.

        Revoking again changes nothing. RefusedError for the last usable Admin token.
        """
        with Catalog.turn():  # whoever issues tokens for its teams does so before or not at all
            # Locked together, so that two revocations can't each see the other as the last.
            admins = list(Token.objects.full_admins().select_for_update())
            if admins == [self]:
                raise RefusedError(
                    str(_("This is the last Admin token; issue another one before revoking it."))
                )
            ended = models.Q(pk=self.pk)
            if cascade:
                ended |= models.Q(scope_team__owner=self)
            now = timezone.now()
            rows = list(Token.objects.filter(ended, revoked_at=None))
            Token.objects.filter(pk__in=[r.pk for r in rows]).update(revoked_at=now)
            revoked = ((row, {"revoked_at": None}, {"revoked_at": now}) for row in rows)
            trail.record_all("token.revoke", revoked)
        self.refresh_from_db(fields=["revoked_at"])
        return len(rows)
