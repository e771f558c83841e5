"""No two publishers, and no two teams, have names that look alike, wherever these come from."""

import io
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from ghost.core.text import folding
from ghost.demo import accounts
from teams import first_admin
from teams.models import Team, Token, public_names
from teams.roles import Role
from tests import make, operators
from tests.threads import together

pytestmark = pytest.mark.django_db

ALIKE = ["Ada", "ada\u200b", "ＡＤＡ", "Adá", "A d a"]


def _api(path):
    def ask(root, _team, name):
        return Client().post(
            f"/api/{path}", {"display_name": name}, content_type="application/json", **make.auth(root)
        ).status_code == 409  # fmt: skip

    return ask


def _invite_by_api(root, team, name):
    return _api(f"teams/{team.pk}/invites")(root, team, name)


def _team_by_api(root, team, name):
    body = {"name": name, "owner_token_hash": team.owner.token_hash}
    answer = Client().post("/api/teams", body, content_type="application/json", **make.auth(root))
    return answer.status_code == 409


def _command(_root, _team, name):
    with pytest.raises(CommandError, match="choose another one"):
        call_command("issue_token", "Publisher", name, stdout=io.StringIO())
    return True


def _refused_in(answer, field):
    return "choose another one" in str(answer.context["adminform"].form.errors[field])


def _add_in_admin(_root, _team, name):
    data = {"role": "Publisher", "display_name": name, "scope_team": "", "note": ""}
    return _refused_in(
        operators.client("Operator").post(reverse("admin:teams_token_add"), data), "display_name"
    )


def _change_in_admin(root, _team, name):
    browser = operators.client("Operator")
    answer = browser.post(operators.form_of("teams_token", root.pk), {"display_name": name})
    return _refused_in(answer, "display_name")


def _invite_in_admin(_root, team, name):
    browser = operators.client("Operator")
    answer = operators.act(browser, "teams_team", "invite", team, display_name=name)
    return "choose another one" in answer.content.decode()


def _team_in_admin(_root, team, name):
    data = {"name": name, "owner": team.owner_id}
    return _refused_in(
        operators.client("Operator").post(reverse("admin:teams_team_add"), data), "name"
    )


GATES = [
    _api("admin/tokens/publisher"), _invite_by_api, _team_by_api, _command, _add_in_admin,
    _change_in_admin, _invite_in_admin, _team_in_admin,
]  # fmt: skip


@pytest.mark.parametrize("is_revoked", [False, True])
@pytest.mark.parametrize("gate", GATES)
def test_no_gate_lets_in_a_name_that_somebody_has(gate, is_revoked):
    root, team = make.admin(), make.team(make.publisher(name="Bob"))
    ada = make.publisher(name="Ada")
    if is_revoked:
        ada.revoke()
    before = Token.objects.count(), Team.objects.count()

    for name in ALIKE[is_revoked * 3 :][:2]:
        if "admin" in gate.__name__ and name != ALIKE[is_revoked * 3]:
            continue
        assert gate(root, team, name)

    assert (Token.objects.count(), Team.objects.count()) == before


def test_a_publisher_cannot_take_the_name_of_a_team_that_is_not_its_own():
    team = make.team(make.publisher(name="Ada"), "Archive")

    with pytest.raises(ValidationError):
        Token.objects.issue(Role.PUBLISHER, "archive")
    member, _raw = Token.objects.issue(Role.TEAM_MEMBER, "Archive", team_id=team.pk)
    team.owner.display_name = "Ada of the archive"
    team.owner.store()

    assert member.name_key == team.name_key


def test_the_database_refuses_it_too():
    make.publisher(name="Ada")
    other = make.publisher(name="Eve")
    Token.objects.filter(pk=other.pk).update(display_name="x")

    with pytest.raises(IntegrityError):
        Token.objects.filter(pk=other.pk).update(name_key=folding.name_key("Adá"))


def test_members_without_a_name_get_one_each():
    team = make.team(name="Archive")

    names = [team.invite()[0].display_name for _ in range(3)]

    assert names == ["Archive member", "Archive member (2)", "Archive member (3)"]


@pytest.mark.parametrize("name", ["x" * 100, "\ufdfa" * 100, "!" * 100])
def test_a_free_name_is_found_for_any_name(name):
    Token.objects.issue(Role.PUBLISHER, name)

    Token.objects.issue(Role.PUBLISHER, public_names.free(name))

    assert public_names.free(name).endswith("(3)")


def test_what_makes_tokens_by_itself_finds_a_free_name(configure, tmp_path, settings):
    configure(secrets_dir=tmp_path)
    for name in ("Admin", "Demo", "Synthetic catalog"):
        make.publisher(name=name)

    first_admin.ensure()
    accounts.ensure()
    call_command(
        "generate_catalog", resources=1, seed=1, stdout=io.StringIO(), stderr=io.StringIO()
    )

    names = set(Token.objects.values_list("display_name", flat=True))
    assert {"Admin (2)", "Demo (2)", "Synthetic catalog (2)"} <= names


def test_of_two_at_once_one_is_refused_and_neither_is_a_fault(file_database):
    root = make.admin()

    def ask(name):
        return Client().post(
            "/api/admin/tokens/publisher", {"display_name": name},
            content_type="application/json", **make.auth(root),
        ).status_code  # fmt: skip

    answers = together(*(partial(ask, name) for name in ALIKE[:4]))

    assert sorted(answers) == [200, 409, 409, 409]
