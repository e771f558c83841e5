"""Who may do what: the contract written out, held against every route there is."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from ghost.api.root import api
from ghost.core.errors import ForbiddenError
from ghost.core.jobs.models import Job, JobKind
from resources.models import Resource
from teams import policy
from teams.models import Token
from teams.policy import RULES, Action, Ownership
from teams.roles import Role
from tests import make
from tests.world import WRITES, World, fake_prober, send  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_prober")]

LETTERS = {"A": Role.ADMIN, "P": Role.PUBLISHER, "T": Role.TEAM_MEMBER}
MAY = {
    "audit_event_list": "A",
    "build_list": "A",
    "build_read": "A",
    "build_state_read": "APT",
    "build_trigger": "A",
    "category_create": "AP",
    "category_delete": "AP",
    "category_list": "APT",
    "category_update": "AP",
    "cover_delete": "APT",
    "cover_upload": "APT",
    "event_stats_read": "A",
    "event_stream": "APT",
    "health_sample_list": "APT",
    "member_invite": "AP",
    "member_list": "AP",
    "member_revoke": "AP",
    "metadata_read": "APT",
    "backup_create": "A",
    "backup_list": "A",
    "backup_verify": "A",
    "queue_pause": "A",
    "queue_resume": "A",
    "queue_list": "A",
    "alert_list": "A",
    "alert_rule_list": "A",
    "alert_rule_update": "A",
    "alert_rule_toggle": "A",
    "alert_rule_silence": "A",
    "alert_silence": "A",
    "test_alert_send": "A",
    "alert_message_list": "A",
    "schedule_list": "A",
    "schedule_run": "A",
    "publisher_token_issue": "A",
    "resource_approve": "A",
    "resource_bulk_create": "APT",
    "resource_create": "APT",
    "resource_list": "APT",
    "resource_patch": "APT",
    "resource_probe": "APT",
    "resource_publish": "APT",
    "resource_read": "APT",
    "resource_restore": "A",
    "resource_send_back": "A",
    "resource_take_down": "A",
    "resource_update": "APT",
    "resource_withdraw": "APT",
    "database_read": "A",
    "cleanup_start": "A",
    "dashboard_read": "A",
    "stats_read": "A",
    "system_read": "A",
    "profile_read": "A",
    "recent_task_list": "A",
    "service_list": "A",
    "service_reset": "A",
    "scan_start": "A",
    "session_verify": "APT",
    "task_read": "APT",
    "team_create": "AP",
    "team_list": "APT",
    "token_list": "A",
    "token_revoke": "A",
    "token_rotate": "APT",
    "torrent_download": "APT",
    "torrent_upload": "APT",
    "torznab_api_search": "APT",
    "torznab_search": "APT",
}
"""The table of the contract (SPEC §3), apart from the code's own: by operation, the roles."""


PARAMETER = re.compile(r"{(?:\w+:)?(\w+)}")
OWNERSHIP = {
    "resource_id": Ownership.IN_SCOPE,
    "team_id": Ownership.OWN_TEAM,
    "category_id": Ownership.OWN_CATEGORY,
    "token_hash": Ownership.SELF,
    "task_id": Ownership.ASKER,
    "build_id": Ownership.ANY,
    "alert_id": Ownership.ANY,
    "name": Ownership.ANY,
}
"""Whose a row must be, by the first parameter of the path; builds, and what has a name in operations, are nobody's."""
CASES = {
    Ownership.IN_SCOPE: {
        "ada, alone": {"root", "ada"},
        "ada, in her team": {"root", "ada", "mia"},
        "mia": {"root", "ada", "mia"},
    },
    Ownership.OWN_TEAM: {"ada": {"root", "ada"}},
    Ownership.OWN_CATEGORY: {"ada": {"root", "ada"}},
    Ownership.SELF: {"ada": {"root", "ada"}},
    Ownership.ASKER: {"ada": {"root", "ada"}},
}
"""Whose the row is, and who has a part in it."""
EMPTY = {"torrent_download", "cover_delete"}
"""404 for those who may: the row is there, and no such file of it."""


def operations():
    """Operation → (method, path, action)."""
    found = {}
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for operation in view.operations:
                auth: Any
                auth, *_others = operation.auth_callbacks  # a session, for event streams
                address = f"/api{bound.prefix}{path}".replace("//", "/")
                found[operation.operation_id] = operation.methods[0], address, auth.action
    return found


def routes():
    """The same, with an id in the path that nothing has."""
    return {
        name: (method, PARAMETER.sub("987654321", path), action)
        for name, (method, path, action) in operations().items()
    }


def on_rows():
    """Operation → the ownership of its rule, for those on a row that is somebody's."""
    return {
        name: RULES[action].ownership
        for name, (_method, path, action) in operations().items()
        if set(PARAMETER.findall(path)) - {"build_id", "name", "alert_id"}
    }


def token_of(letter: str):
    makers: dict[str, Callable[[], Token]] = {
        "A": make.admin, "P": make.publisher, "T": make.member,
    }  # fmt: skip
    return makers[letter]()


def test_every_operation_is_in_the_table():
    assert set(routes()) == set(MAY)


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("operation", MAY)
def test_operation_is_open_to_its_roles_alone(client, operation, letter):
    method, path, action = routes()[operation]

    response = client.generic(method, path, b"", **make.auth(token_of(letter)))

    is_forbidden = response.status_code == 403
    assert is_forbidden is (letter not in MAY[operation])
    assert response.status_code != 401
    if is_forbidden:
        assert action in response.json()["detail"]


@pytest.mark.parametrize("operation", MAY)
def test_operation_needs_a_token(client, operation):
    method, path, _action = routes()[operation]

    response = client.generic(method, path, b"")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_every_action_has_a_rule_and_a_route():
    asked = {action for *_route, action in routes().values()}

    assert set(RULES) == set(Action)
    assert asked == set(Action)


@pytest.mark.parametrize("letter", LETTERS)
def test_require_refuses_by_name(letter):
    token = token_of(letter)

    if letter == "A":
        policy.require(token, Action.TOKEN_MANAGE, "POST")
    else:
        with pytest.raises(ForbiddenError, match=Action.TOKEN_MANAGE):
            policy.require(token, Action.TOKEN_MANAGE, "POST")


# -- read-only tokens


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def read_only(letter):
    token = token_of(letter)
    Token.objects.filter(pk=token.pk).update(is_read_only=True)
    return token


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("operation", MAY)
def test_a_read_only_token_may_read_and_nothing_else(client, operation, letter):
    method, path, action = routes()[operation]

    answer = client.generic(method, path, b"", **make.auth(read_only(letter)))

    reads = method == "GET" or operation == "session_verify"
    assert (answer.status_code == 403) is not (reads and letter in MAY[operation])
    told = b"" if answer.streaming else answer.content
    assert (b"read-only" in told) is not reads
    assert RULES[action].only_reads is reads


@pytest.mark.parametrize("path", sorted({path for _method, path, _action in routes().values()}))
def test_no_method_of_any_address_lets_a_read_only_token_write(client, path):
    admin = read_only("A")
    known = {method for method, each, _action in routes().values() if each == path}

    answers = {
        method: client.generic(method, path, b"", **make.auth(admin)).status_code
        for method in set(METHODS) - known - {"HEAD"}
    }

    assert answers.pop("OPTIONS") in {204, 405}
    assert set(answers.values()) == {405}, answers


def test_methods_that_write_are_closed_even_where_the_table_errs():
    admin = Token.objects.get(pk=read_only("A").pk)

    policy.require(admin, Action.RESOURCE_LIST, "GET")
    for method in ("POST", "PUT", "PATCH", "DELETE", ""):
        with pytest.raises(ForbiddenError, match="read-only"):
            policy.require(admin, Action.RESOURCE_LIST, method)


def test_a_read_only_token_stays_so_when_an_admin_rotates_it(client):
    root, token = make.admin(), read_only("P")

    answer = client.post(f"/api/admin/tokens/{token.token_hash}/rotate", **make.auth(root))

    assert (answer.status_code, answer.json()["is_read_only"]) == (200, True)
    assert Token.objects.find_usable(answer.json()["token"]) == token


def test_a_read_only_admin_is_not_the_admin_that_is_left(client):
    root = make.admin()
    read_only("A")

    answer = client.post(
        "/api/admin/tokens/revoke", {"token_hash": root.token_hash},
        content_type="application/json", **make.auth(root),
    )  # fmt: skip

    assert (answer.status_code, "last Admin" in answer.json()["detail"]) == (400, True)


# -- ownership


class Cast(World):
    """Ada has made it all, Mia is in her team; Bob and Max have no part in anything."""

    def __init__(self, whose):
        super().__init__()
        bob = make.publisher(name="Bob")
        max_ = make.member(make.team(bob, "Other"), "Max")
        self.who = {"bob": bob, "max": max_, "ada": self.ada, "mia": self.mia, "root": self.admin}
        publisher = self.mia if whose == "mia" else self.ada
        Resource.objects.update(
            publisher=publisher, team=None if whose == "ada, alone" else self.team
        )
        self.job = Job.objects.create(task_id="of-ada", kind=JobKind.PROBE, token_id=self.ada.pk)

    def asked(self, operation):
        """Path and body of that operation on a row of this cast."""
        if operation in WRITES:
            return WRITES[operation](self)
        rows = {"resource_id": self.row.pk, "team_id": self.team.pk, "task_id": self.job.pk}
        path = operations()[operation][1].removeprefix("/api/")
        return PARAMETER.sub(lambda found: str(rows[found[1]]), path), None


@pytest.mark.parametrize("operation", MAY)
def test_rule_says_whose_the_row_must_be(operation):
    _method, path, action = operations()[operation]

    parameters = PARAMETER.findall(path)

    assert set(parameters) <= set(OWNERSHIP)
    if parameters:
        assert RULES[action].ownership == OWNERSHIP[parameters[0]]


@pytest.mark.parametrize(
    ("operation", "whose"),
    [
        (name, whose)
        for name, ownership in on_rows().items()
        for whose in CASES.get(ownership, [""])
    ],
)
def test_row_is_open_to_its_owners_alone(client, operation, whose):
    method, _path, action = operations()[operation]
    rule = RULES[action]
    cast = Cast(whose)
    path, body = cast.asked(operation)

    has_role = {name for name, who in cast.who.items() if who.role in rule.roles}
    owners = CASES[rule.ownership][whose] & has_role
    in_turn = sorted(cast.who, key=owners.__contains__)  # the row is whole for all who may not

    answers = {name: send(client, method, cast.who[name], path, body) for name in in_turn}

    refused = {name: each for name, each in answers.items() if each.status_code == 403}
    by_role = {name for name, each in refused.items() if action in each.json()["detail"]}
    assert set(refused) == set(cast.who) - owners
    assert by_role == set(cast.who) - has_role
    first = next(answers[name] for name in in_turn if name in owners)
    assert (first.status_code < 300) is (operation not in EMPTY)


def test_member_is_found_in_its_own_team_alone(client):
    """The one 404: the team is the asker's, and has no such member."""
    cast = Cast("ada")
    path = f"teams/{cast.who['max'].scope_team_id}/members/{cast.mia.token_hash}/revoke"

    response = send(client, "POST", cast.who["bob"], path, None)

    cast.mia.refresh_from_db()
    assert (response.status_code, cast.mia.revoked_at) == (404, None)


@pytest.mark.parametrize("name", ["root", "ada", "mia", "bob", "max"])
def test_lists_hold_what_is_in_scope(client, name):
    cast = Cast("mia")
    is_in = name in CASES[Ownership.IN_SCOPE]["mia"]

    teams, rows = (
        {each["id"] for each in send(client, "GET", cast.who[name], path, None).json()}
        for path in ("teams", "resources?state=live")
    )

    assert (cast.team.pk in teams, cast.row.pk in rows) == (is_in, is_in)
