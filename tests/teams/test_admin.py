import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog
from teams import credentials
from teams.models import Team, Token
from teams.roles import Role
from tests import make, operators
from tests.presence import present

pytestmark = pytest.mark.django_db

TOKEN, TEAM = "teams_token", "teams_team"
RAW = re.compile(rb"ghost_[0-9A-Za-z]{49}")


@pytest.fixture
def operator():
    return operators.client("Operator")


def issue(browser, **fields):
    data = {"role": "Publisher", "display_name": "Zoe", "scope_team": "", "note": ""}
    return browser.post(reverse("admin:teams_token_add"), data | fields)


def raw_in(response) -> str:
    [found] = set(RAW.findall(response.content))
    return found.decode()


def test_the_role_of_a_new_token_is_publisher_unless_the_address_says_otherwise(operator):
    url = reverse("admin:teams_token_add")

    roles = [
        operator.get(url, asked).context["adminform"].form["role"].value()
        for asked in ({}, {"role": "Admin"}, {"role": "King"})
    ]

    assert roles == ["Publisher", "Admin", "Publisher"]


def test_a_token_is_shown_once_and_kept_nowhere(operator):
    answer = issue(operator, note="for the archive")

    raw = raw_in(answer)
    token = present(Token.objects.find_usable(raw))
    pages = [
        operator.get(operators.list_of(TOKEN)).content,
        operator.get(operators.form_of(TOKEN, token.pk)).content,
        operator.get(reverse("admin:teams_token_history", args=(token.pk,)), follow=True).content,
    ]
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert (token.display_name, token.role, token.note) == ("Zoe", "Publisher", "for the archive")
    assert token.token_hash == credentials.digest(raw)
    assert [raw.encode() in page for page in pages] == [False] * 3
    assert [raw in str(session.get_decoded()) for session in Session.objects.all()] == [False]
    assert raw not in str(Token.objects.values().get())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": "TeamMember"}, "__all__"),
        ({"display_name": ""}, "display_name"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "expires_at"),
    ],
)
def test_a_token_that_can_not_be_is_refused_in_the_form(operator, fields, field):
    answer = issue(operator, **fields)

    assert list(answer.context["adminform"].form.errors) == [field]
    assert Token.objects.count() == 0


def test_a_read_only_token_is_issued_and_seen_to_be_one(operator):
    issue(operator, is_read_only="on")

    token = Token.objects.get()
    page = operator.get(operators.list_of(TOKEN)).content.decode()
    operator.post(operators.form_of(TOKEN, token.pk), {"display_name": "Zoe", "is_read_only": ""})
    assert "read-only" in page
    assert Token.objects.get().is_read_only, "what a token may do is fixed when it is issued"


def test_a_key_that_came_in_an_address_is_hinted_at(operator, client):
    token = make.publisher()
    url = operators.form_of(TOKEN, token.pk)
    before = operator.get(url).content.decode()

    client.get("/api/torznab", {"t": "caps", "apikey": token.raw})

    hint = "came in the address of a Torznab client"
    assert (hint in before, hint in operator.get(url).content.decode()) == (False, True)


def test_a_member_can_be_invited_to_read_only(operator):
    team = make.team()

    operators.act(operator, TEAM, "invite", team, display_name="Sonarr", is_read_only="on")

    assert Token.objects.get(scope_team=team).is_read_only


def test_of_a_token_name_note_and_end_are_changed(operator):
    token = make.publisher(name="Ada")
    make.resource(publisher=token)
    before = Catalog.get().revision

    operator.post(
        operators.form_of(TOKEN, token.pk),
        {"display_name": "Eve", "role": "Admin", "token_hash": "0" * 64, "note": "known",
         "expires_at_0": "2099-01-01", "expires_at_1": "00:00"},
    )  # fmt: skip

    changed = Token.objects.get()
    assert (changed.role, changed.token_hash) == ("Publisher", token.token_hash)
    assert (changed.display_name, changed.note, present(changed.expires_at).year) == (
        "Eve",
        "known",
        2099,
    )
    assert Catalog.get().revision == before + 1


def test_a_team_gets_another_name_and_keeps_its_owner(operator):
    team, eve = make.team(name="Films"), make.publisher(name="Eve")
    make.team(team.owner, "Taken")
    make.resource(publisher=team.owner, team=team)
    before = Catalog.get().revision
    form = operators.form_of(TEAM, team.pk)
    members = {"members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}

    refused = operator.post(form, {"name": "Taken", "owner": eve.pk} | members)
    operator.post(form, {"name": "Cinema", "owner": eve.pk} | members)

    changed = Team.objects.get(pk=team.pk)
    assert refused.context["adminform"].form.errors == {
        "name": [
            "Somebody has this name, or one that differs only in case, accents or punctuation: choose another one."
        ]
    }
    assert (changed.name, changed.owner) == ("Cinema", team.owner)
    assert Catalog.get().revision == before + 1


def test_the_list_of_teams_counts_members_and_resources(operator):
    team = make.team()
    make.member(team)
    make.member(team, name="Max").revoke()
    for _ in range(2):
        make.resource(team=team)

    [row] = operator.get(operators.list_of(TEAM)).context["cl"].result_list

    assert (row.members_now, row.resources_now) == (1, 2)


def test_revoking_asks_first_and_says_who_else_is_hit(operator):
    owner = make.publisher()
    make.member(make.team(owner))

    page = operators.act(operator, TOKEN, "revoke", owner)

    assert page.context["dependants"] == 1
    assert Token.objects.usable().count() == 2


@pytest.mark.parametrize(("cascade", "usable"), [({"cascade": "on"}, 0), ({}, 1)])
def test_revoking_with_and_without_the_teams(operator, cascade, usable):
    owner = make.publisher()
    make.member(make.team(owner))

    operators.act(operator, TOKEN, "revoke", owner, confirmed="1", **cascade)

    assert Token.objects.usable().count() == usable


def test_the_last_admin_token_is_not_revoked(operator):
    last = make.admin()

    answer = operators.act(operator, TOKEN, "revoke", last, confirmed="1")

    assert operators.told(answer) == [
        "This is the last Admin token; issue another one before revoking it."
    ]
    assert list(Token.objects.usable()) == [last]


def test_a_team_is_made_for_a_publisher_only(operator):
    ada, root = make.publisher(name="Ada"), make.admin()

    refused = operator.post(reverse("admin:teams_team_add"), {"name": "T", "owner": root.pk})
    made = operator.post(reverse("admin:teams_team_add"), {"name": "T", "owner": ada.pk})
    twin = operator.post(reverse("admin:teams_team_add"), {"name": "T", "owner": ada.pk})

    assert (refused.status_code, made.status_code, twin.status_code) == (200, 302, 200)
    assert Team.objects.get().owner == ada
    [event] = AuditEvent.objects.filter(action="team.create")
    assert event.changes == {"name": [None, "T"], "owner_id": [None, ada.pk]}


def test_a_member_is_invited_and_the_token_shown_once(operator):
    team = make.team(name="Film club")

    asked = operators.act(operator, TEAM, "invite", team)
    answer = operators.act(operator, TEAM, "invite", team, display_name="Mia")

    token = present(Token.objects.find_usable(raw_in(answer)))
    assert b"Film club" in asked.content
    assert (token.role, token.scope_team, token.display_name) == (Role.TEAM_MEMBER, team, "Mia")
    assert answer["Cache-Control"] == "no-store"
    assert raw_in(answer).encode() not in operator.get(operators.form_of(TEAM, team.pk)).content


def test_one_team_is_invited_to_at_a_time(operator):
    teams = [make.team(name="A"), make.team(name="B")]

    answer = operators.act(operator, TEAM, "invite", *teams, display_name="Mia")

    assert operators.told(answer) == ["Choose one team."]
    assert Token.objects.filter(role=Role.TEAM_MEMBER).count() == 0


@pytest.mark.parametrize("group", ["Viewer", "Moderator"])
def test_who_may_not_change_people_issues_and_revokes_nothing(group):
    browser = operators.client(group)
    owner = make.publisher()
    team = make.team(owner)

    answers = [
        issue(browser),
        operators.act(browser, TOKEN, "revoke", owner, confirmed="1"),
        operators.act(browser, TEAM, "invite", team, display_name="Mia"),
    ]

    assert answers[0].status_code == 403
    assert [RAW.findall(answer.content) for answer in answers] == [[], [], []]
    assert list(Token.objects.usable()) == [owner]


def test_nothing_is_revoked_or_invited_on_get(operator):
    owner = make.publisher()
    team = make.team(owner)

    operator.get(
        operators.list_of(TOKEN),
        {"action": "revoke", "_selected_action": owner.pk, "confirmed": "1"},
    )
    operator.get(
        operators.list_of(TEAM),
        {"action": "invite", "_selected_action": team.pk, "display_name": "Mia"},
    )

    assert list(Token.objects.usable()) == [owner]


def test_the_list_shows_whose_work_is_reviewed(operator):
    tokens = [make.publisher(name="Ada"), make.publisher(name="Eve")]
    tokens[1].needs_review = True
    tokens[1].store()

    response = operator.get(operators.list_of(TOKEN), {"needs_review__exact": "1"})
    shown = response.context["cl"].model_admin.shown_role

    assert list(response.context["cl"].result_list) == [tokens[1]]
    assert ["reviewed" in shown(token) for token in tokens] == [False, True]
