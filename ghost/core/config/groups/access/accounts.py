"""Who may sign in to the admin, and by what."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from ghost.core.config.values import CommaList, Group


class Accounts(Group):
    """What operators need to sign in."""

    heading = _("Accounts of operators")

    mfa_required_groups: CommaList = Field(
        (),
        description="Groups whose members must have a second factor, separated by commas, such as"
        " Operator,Moderator; * for everybody. Superusers must, as soon as one group is named.",
    )
