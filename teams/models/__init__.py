"""Who may publish: tokens of the API and the teams they work in."""

from teams.attempts import Attempt
from teams.models.team import Team, TeamQuerySet
from teams.models.token import Token, TokenQuerySet

__all__ = ["Attempt", "Team", "TeamQuerySet", "Token", "TokenQuerySet"]
