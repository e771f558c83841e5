"""How a resource comes to stand before the public, and goes from there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self, cast

from django.db import transaction
from django.utils.translation import gettext as _

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.errors import ConflictError, ForbiddenError, RefusedError, StaleError
from resources import reasons
from resources.models import events
from resources.models.fields import Record
from resources.torrents import metadata
from teams.models import Token

if TYPE_CHECKING:
    from collections.abc import Callable

    from resources.models.queryset import ResourceQuerySet


class Standing(Record):
    """A record with the verbs that show it or take it away."""

    class Meta:
        abstract = True

    def _tell_catalog(self, old: Self | None, *, has_new_cover: bool = False) -> None:
        before, now = old.public_state() if old else None, self.public_state()
        if before != now or (now and has_new_cover):
            what = reasons.CHANGED if before else reasons.ADDED
            Catalog.advance(what(name=self.title), [self.pk])

    def is_seen_by(self, token: Token) -> bool:
        """Whether it is in the token's scope."""
        return self._all().in_scope(token).filter(pk=self.pk).exists()

    def require_sight_by(self, token: Token) -> None:
        """ForbiddenError unless it is in the token's scope."""
        if not self.is_seen_by(token):
            raise ForbiddenError(_("This resource is not yours."))

    def require_change_by(self, token: Token) -> None:
        """ForbiddenError unless it is in the token's scope; taken down, only an Admin's."""
        self.require_sight_by(token)
        if self.takedown_at and not token.is_admin:
            raise ForbiddenError(_("This resource was taken down; only an Admin may change it."))

    def take_down(self, *, reason: str, by: str) -> None:
        """`ResourceQuerySet.take_down` for this one."""
        self._alone().take_down(reason=reason, by=by)
        self.refresh_from_db()

    def restore(self) -> None:
        """`ResourceQuerySet.restore` for this one."""
        self._alone().restore()
        self.refresh_from_db()

    def withdraw(self) -> None:
        """`ResourceQuerySet.withdraw` for this one; ConflictError if it is taken down."""
        self._stand(self._alone().withdraw)

    def publish(self, *, is_reviewed: bool = False) -> None:
        """`ResourceQuerySet.publish` for this one; ConflictError if it is taken down.

        `is_reviewed`: it then awaits review, as with any other change by such a token.
        """
        with Catalog.turn():
            if is_reviewed:
                self._alone().to_come().ask_review()
            self._stand(self._alone().publish)

    def approve(self, is_present: Callable[[Self], bool] | None = None) -> None:
        """`ResourceQuerySet.approve` for this one; ConflictError if it is taken down, or doesn't
        await review.

        StaleError if it is not `is_present` any more: nobody approves what he has not read.
        """
        with Catalog.turn():
            self.refresh_from_db()
            if is_present and not is_present(self):
                raise StaleError(_("Somebody has changed it since: read it again, then repeat."))
            if not self.takedown_at and not self.awaits_review:
                raise ConflictError(_("It does not await review."))
            self._stand(self._alone().approve)

    def ask_review(self) -> None:
        """`ResourceQuerySet.ask_review` for this one."""
        self._alone().ask_review()
        self.refresh_from_db()

    def send_back(self, *, reason: str) -> None:
        """`ResourceQuerySet.send_back` for this one; ConflictError if it doesn't await review."""
        if not self._alone().send_back(reason=reason):
            raise ConflictError(_("It does not await review."))
        self.refresh_from_db()

    def _stand(self, verb: Callable[[], int]) -> None:
        verb()
        self.refresh_from_db()
        if self.takedown_at:
            raise ConflictError(_("It is taken down; restore it first."))

    def discard(self) -> None:
        """Delete it with its metadata; RefusedError while it is public. A block stays."""
        with Catalog.turn():
            row = self._all().select_for_update().get(pk=self.pk)
            if row.is_public:
                raise RefusedError(_("It is public: take it down or withdraw it first."))
            transaction.on_commit(partial(metadata.forget, row.magnet_hash))
            trail.record("resource.delete", row, row.audited(), None)
            events.changed("delete", [row])
            self.delete()

    def _all(self) -> ResourceQuerySet:
        return cast("ResourceQuerySet", type(self)._default_manager.all())

    def _alone(self) -> ResourceQuerySet:
        return self._all().filter(pk=self.pk)
