"""The table of roles and actions, held against every route there is."""

import pytest

from ghost.api import api
from ghost.errors import ForbiddenError
from teams import policy
from teams.policy import ALLOWED, Action
from teams.roles import Role
from tests import make

pytestmark = pytest.mark.django_db


def routes():
    """(method, path with an id that nothing has, action) of every operation."""
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for operation in view.operations:
                [auth] = operation.auth_callbacks
                address = f"/api{bound.prefix}{path}".replace("//", "/")
                yield operation.methods[0], _filled(address), auth.action


def _filled(address: str) -> str:
    while "{" in address:
        before, _, rest = address.partition("{")
        address = f"{before}987654321{rest.partition('}')[2]}"
    return address


def cells():
    return [(*route, role) for route in routes() for role in Role]


def token_of(role: Role):
    return {Role.ADMIN: make.admin, Role.PUBLISHER: make.publisher, Role.TEAM_MEMBER: make.member}[
        role
    ]()


@pytest.mark.parametrize(("method", "path", "action", "role"), cells())
def test_route_is_open_to_the_roles_of_its_action(client, method, path, action, role):
    token = token_of(role)

    response = client.generic(method, path, b"", **make.auth(token))

    is_forbidden = response.status_code == 403
    assert is_forbidden is (role not in ALLOWED[action])
    assert response.status_code != 401
    if is_forbidden:
        assert action in response.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [route[:2] for route in routes()])
def test_route_needs_a_token(client, method, path):
    response = client.generic(method, path, b"")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_every_action_has_a_rule_and_a_route():
    asked = {action for *_route, action in routes()}

    assert set(ALLOWED) == set(Action)
    assert asked == set(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_require_follows_the_table(action, role):
    token = token_of(role)

    if role in ALLOWED[action]:
        policy.require(token, action)
    else:
        with pytest.raises(ForbiddenError, match=action):
            policy.require(token, action)
