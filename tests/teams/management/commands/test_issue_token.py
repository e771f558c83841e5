"""manage.py issue_token."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from teams.models import Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def test_raw_token_stands_alone_on_standard_output(capsys):
    call_command("issue_token", "Admin", "Root")

    printed = capsys.readouterr().out
    assert Token.objects.find_usable(printed.removesuffix("\n")) == Token.objects.get()


def test_member_and_expiry_are_taken(capsys):
    team = make.team()

    call_command("issue_token", "TeamMember", "Mia", "--team", str(team.pk), "--expires", "7")

    token = present(Token.objects.find_usable(capsys.readouterr().out.strip()))
    left = present(token.expires_at) - timezone.now()
    assert (token.scope_team, token.display_name) == (team, "Mia")
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["TeamMember", "Mia"], "needs --team ID"),
        (["TeamMember", "Mia", "--team", "1"], "no team 1"),
        (["Publisher", "Ada", "--team", "1"], "other roles take none"),
        (["Publisher", ""], r"^A name is required\.$"),
        (["Publisher", " "], r"^A name is required\.$"),
        (["Publisher", "Ada", "--expires", "0"], "--expires"),
        (["Publisher", "Ada", "--expires", "999999999"], "--expires"),
        (["Root", "Ada"], "invalid choice"),
    ],
)
def test_mistakes_are_told(arguments, reason, capsys):
    with pytest.raises(CommandError, match=reason):
        call_command("issue_token", *arguments)

    assert (Token.objects.count(), capsys.readouterr().out) == (0, "")


def test_a_team_of_its_own_is_refused_to_a_publisher():
    team = make.team()

    with pytest.raises(CommandError, match="the other roles take none"):
        call_command("issue_token", "Publisher", "Ada", "--team", str(team.pk))


def test_what_a_publisher_publishes_is_reviewed_on_demand(capsys):
    call_command("issue_token", "Publisher", "Ada", "--needs-review")
    call_command("issue_token", "Publisher", "Ben")

    printed = capsys.readouterr().out.split()
    assert [present(Token.objects.find_usable(raw)).needs_review for raw in printed] == [
        True,
        False,
    ]


def test_a_token_can_be_read_only(capsys):
    call_command("issue_token", "Publisher", "Prowlarr", "--read-only")

    assert present(Token.objects.find_usable(capsys.readouterr().out.strip())).is_read_only


@pytest.mark.parametrize("role", ["Admin", "TeamMember"])
def test_only_a_publisher_is_reviewed(role):
    team = ["--team", str(make.team().pk)] if role == "TeamMember" else []
    before = Token.objects.count()

    with pytest.raises(CommandError, match="--needs-review is for a Publisher"):
        call_command("issue_token", role, "Mia", "--needs-review", *team)

    assert Token.objects.count() == before
