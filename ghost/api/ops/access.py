"""Who may use this room: what each operation names as its auth."""

from __future__ import annotations

from teams.auth import Bearer, Session
from teams.policy import Action

READ = [Bearer(Action.OPERATIONS_READ), Session(Action.OPERATIONS_READ)]
"""An Admin's token, or the session of any operator."""
WRITE = [Bearer(Action.OPERATIONS_WRITE), Session(Action.OPERATIONS_WRITE)]
"""An Admin's token, or the session of a member of the group Operator, with the token against forgery."""
TAG = "operations"
