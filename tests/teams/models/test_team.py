"""Teams: in whose scope they are, and what a write of a token lands in."""

import pytest
from django.core.exceptions import ValidationError

from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog
from ghost.core.errors import ForbiddenError, RefusedError
from teams.models import Team
from tests import make

pytestmark = pytest.mark.django_db


def test_scope_is_all_ones_own_or_ones_one():
    ada, eve = make.publisher(), make.publisher(name="Eve")
    of_ada, of_eve = make.team(ada), make.team(eve)
    member = make.member(of_eve)

    seen = {
        token.display_name: set(Team.objects.in_scope(token))
        for token in (make.admin(), ada, eve, member)
    }

    assert seen == {"Root": {of_ada, of_eve}, "Ada": {of_ada}, "Eve": {of_eve}, "Mia": {of_eve}}


def test_a_member_always_lands_in_its_own_team():
    own, other = make.team(), make.team(make.publisher(name="Eve"))
    member = make.member(own)

    assert [Team.objects.usable_by(member, key) for key in (None, own.pk)] == [own, own]
    with pytest.raises(ForbiddenError):
        Team.objects.usable_by(member, other.pk)


def test_others_name_a_team_of_their_scope_or_none():
    ada, admin = make.publisher(), make.admin()
    own, other = make.team(ada), make.team(make.publisher(name="Eve"))

    assert Team.objects.usable_by(ada, None) is None
    assert Team.objects.usable_by(ada, own.pk) == own
    assert Team.objects.usable_by(admin, other.pk) == other
    with pytest.raises(ForbiddenError):
        Team.objects.usable_by(ada, other.pk)
    with pytest.raises(RefusedError) as refused:
        Team.objects.usable_by(admin, 10**6)
    assert refused.value.field == "team_id"


def test_only_a_publisher_owns_a_team():
    with pytest.raises(ValidationError) as refused:
        Team(name="Team", owner=make.admin()).add()

    assert set(refused.value.error_dict) == {"owner"}


def test_a_new_name_is_audited_and_moves_the_catalog_if_the_public_sees_it():
    team = make.team()
    make.resource(team=team, publisher=team.owner)
    before = Catalog.get().revision
    team.name = "Other"

    team.store()

    assert Catalog.get().revision == before + 1
    assert AuditEvent.objects.get(action="team.update").changes == {"name": ["Team", "Other"]}


def test_an_invitation_is_a_member_of_that_team():
    team = make.team(name="x" * 100)

    member, raw = team.invite()

    assert (member.scope_team, member.role) == (team, "TeamMember")
    assert member.display_name == "x" * 93 + " member"
    assert raw.startswith("ghost_")
