"""Teams: named scopes that a Publisher owns, and its members publish into."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.db.fields import NameField, NameKeyField
from ghost.core.errors import ForbiddenError, RefusedError
from teams import reasons
from teams.models import public_names
from teams.models.token import Token
from teams.roles import Role


class TeamQuerySet(models.QuerySet["Team"]):
    """Teams, and which of them a token may see or publish for."""

    def in_scope(self, token: Token) -> Self:
        """What this token may see: Admin all, Publisher its own, TeamMember its one."""
        if token.is_admin:
            return self
        return self.filter(models.Q(owner=token) | models.Q(pk=token.scope_team_id))

    def usable_by(self, token: Token, team_id: int | None) -> Team | None:
        """The team that a write by this token lands in, given the one that it names.

        A TeamMember always lands in its own. ForbiddenError for a team that is not the
        token's; RefusedError if an Admin names one that does not exist.
        """
        if token.role == Role.TEAM_MEMBER:
            if team_id not in (None, token.scope_team_id):
                raise ForbiddenError(str(_("You can publish only for your own team.")))
            return token.scope_team
        if team_id is None:
            return None
        team = self.in_scope(token).filter(pk=team_id).first()
        if team is None and token.is_admin:
            raise RefusedError(str(_("There is no such team.")), field="team_id")
        if team is None:
            raise ForbiddenError(str(_("This team is not yours.")))
        return team

    def create_as(self, by: Token, name: str, owner_token_hash: str | None = None) -> Team:
        """A new team: a Publisher's own, or by an Admin that of the Publisher it names.

        ForbiddenError if a Publisher names somebody else, RefusedError if there is nobody of
        that hash or an Admin names none.
        """
        if not by.is_admin and owner_token_hash not in (None, by.token_hash):
            raise ForbiddenError(str(_("You can only create teams that you own.")))
        owner = Token.objects.usable().filter(token_hash=owner_token_hash).first()
        if by.is_admin and owner is None:
            raise RefusedError(
                str(_("Name the owner: the hash of a usable Publisher token.")),
                field="owner_token_hash",
            )
        team = Team(name=name, owner=owner or by)
        team.add()
        return team


class Team(models.Model):
    """A named scope that a Publisher owns; its members publish into it."""

    name = NameField(
        _("name"),
        max_length=100,
        validators=[MinLengthValidator(1)],
        error_messages={"blank": _("A name is required.")},
    )
    name_key = NameKeyField(of="name")
    owner = models.ForeignKey(
        Token, models.PROTECT, related_name="owned_teams", verbose_name=_("owner")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Only a Publisher owns a team; its name is nobody else's."""
        public_names.require_free(self, "name", self.beside())
        if self.owner_id and self.owner.role != Role.PUBLISHER:
            raise ValidationError({"owner": _("A team belongs to a Publisher.")})

    @property
    def owner_token_hash(self) -> str:
        """The owner's hash, as the API names it."""
        return self.owner.token_hash

    def add(self) -> None:
        """Save it for the first time. ValidationError if it can't be."""
        with Catalog.turn():  # of two with one name that come at once, the second sees the first
            self.full_clean()
            self.save(force_insert=True)
            trail.record("team.create", self, None, self.audited())

    def store(self) -> None:
        """Save its name; a new one changes the catalog if something of its is public."""
        with Catalog.turn():
            old = Team.objects.select_for_update().get(pk=self.pk)
            self.full_clean()
            self.save(update_fields=["name", "name_key"])
            trail.record("team.update", self, old.audited(), self.audited())
            if old.name != self.name and self.resources.public().exists():
                Catalog.advance(reasons.RENAMED(name=str(self)))

    def beside(self) -> models.QuerySet[Any]:
        """Tokens that have nothing to do with it: it must not have their names."""
        return public_names.tokens_beside(self.pk, self.owner_id)

    def audited(self) -> dict[str, object]:
        """What people decide about it, for the audit trail."""
        return {"name": self.name, "owner_id": self.owner_id}

    def require_owner(self, token: Token) -> None:
        """ForbiddenError unless the token owns it, or is an Admin's."""
        if not token.is_admin and self.owner_id != token.pk:
            raise ForbiddenError(str(_("This team is not yours.")))

    def invite(
        self,
        display_name: str | None = None,
        *,
        expires_at: datetime | None = None,
        is_read_only: bool = False,
    ) -> tuple[Token, str]:
        """A new TeamMember token for this team, and its raw form.

        ValidationError for a name that somebody has; without one it is the team's, and “member”.
        """
        with Catalog.turn():
            name = display_name or public_names.free(f"{self.name[:93]} member")
            return Token.objects.issue(
                Role.TEAM_MEMBER,
                name,
                team_id=self.pk,
                expires_at=expires_at,
                is_read_only=is_read_only,
            )
