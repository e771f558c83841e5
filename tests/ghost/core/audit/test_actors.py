"""Who acts: a command by its name, or Ghost itself. Tokens and operators are in tests/stories."""

import pytest

from ghost.core.audit import actors
from ghost.core.audit.models import ActorKind, AuditEvent
from tests import make

pytestmark = pytest.mark.django_db


def test_a_command_is_named_and_workers_are_ghost_itself():
    with actors.acting_as("import_catalog"):
        make.category("A")
    make.category("B")

    written = AuditEvent.objects.filter(action="category.create")
    assert dict(written.values_list("object_name", "actor_kind")) == {
        "A": ActorKind.COMMAND,
        "B": ActorKind.SYSTEM,
    }
