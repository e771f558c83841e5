"""Who may do what: the contract written out, held against every route there is."""

import pytest

from ghost.api import api
from ghost.errors import ForbiddenError
from teams import policy
from teams.policy import ALLOWED, Action
from teams.roles import Role
from tests import make

pytestmark = pytest.mark.django_db

LETTERS = {"A": Role.ADMIN, "P": Role.PUBLISHER, "T": Role.TEAM_MEMBER}
MAY = {
    "builds_list": "A",
    "builds_read": "A",
    "builds_remove_cover": "APT",
    "builds_status": "APT",
    "builds_trigger": "A",
    "builds_upload_cover": "APT",
    "dht_list_samples": "APT",
    "dht_scan_all": "A",
    "ghost_event_stats": "A",
    "ghost_list_audit": "A",
    "ghost_read_task": "APT",
    "ghost_stream_events": "APT",
    "ghost_torznab": "APT",
    "ghost_torznab_api": "APT",
    "resources_approve": "A",
    "resources_create": "APT",
    "resources_create_category": "AP",
    "resources_create_from_torrent": "APT",
    "resources_create_many": "APT",
    "resources_delete_category": "AP",
    "resources_list": "APT",
    "resources_list_categories": "APT",
    "resources_patch": "APT",
    "resources_probe": "APT",
    "resources_publish": "APT",
    "resources_read": "APT",
    "resources_read_metadata": "APT",
    "resources_read_torrent": "APT",
    "resources_restore": "A",
    "resources_send_back": "A",
    "resources_take_down": "A",
    "resources_update": "APT",
    "resources_update_category": "AP",
    "resources_withdraw": "APT",
    "teams_create": "AP",
    "teams_invite": "AP",
    "teams_issue_publisher": "A",
    "teams_list": "APT",
    "teams_list_members": "AP",
    "teams_list_tokens": "A",
    "teams_revoke_member": "AP",
    "teams_revoke_token": "A",
    "teams_rotate_token": "APT",
    "teams_verify_session": "APT",
}
"""The table of the contract (SPEC §3), apart from the code's own: by operation, the roles."""


def routes():
    """Operation → (method, path with an id that nothing has, action)."""
    found = {}
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for operation in view.operations:
                auth, *_others = operation.auth_callbacks  # a session, for event streams
                address = f"/api{bound.prefix}{path}".replace("//", "/")
                found[operation.operation_id] = operation.methods[0], _filled(address), auth.action
    return found


def _filled(address: str) -> str:
    while "{" in address:
        before, _, rest = address.partition("{")
        address = f"{before}987654321{rest.partition('}')[2]}"
    return address


def token_of(letter: str):
    return {"A": make.admin, "P": make.publisher, "T": make.member}[letter]()


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

    assert set(ALLOWED) == set(Action)
    assert asked == set(Action)


@pytest.mark.parametrize("letter", LETTERS)
def test_require_refuses_by_name(letter):
    token = token_of(letter)

    if letter == "A":
        policy.require(token, Action.TOKEN_MANAGE)
    else:
        with pytest.raises(ForbiddenError, match=Action.TOKEN_MANAGE):
            policy.require(token, Action.TOKEN_MANAGE)
