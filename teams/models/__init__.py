"""Who may publish: tokens of the API and the teams they work in; and how often anybody may try to sign in.
Leans on teams.credentials and teams.roles."""

from teams.models.sign_in_attempt import Attempt
from teams.models.team import Team, TeamQuerySet
from teams.models.token import Token, TokenQuerySet

__all__ = ["Attempt", "Team", "TeamQuerySet", "Token", "TokenQuerySet"]
