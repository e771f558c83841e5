"""A token that came with a file opens nothing, whichever way it is tried, until it is activated."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.api.events import _token_scopes
from ghost.core.audit.models import AuditEvent
from ghost.core.errors import RefusedError, RevokedError
from teams import credentials, first_admin, legacy_tokens
from teams.models import Token
from tests import make, operators
from tests.teams.test_legacy_tokens import RAW, earlier_hash
from tests.teams.test_policy import MAY, routes

pytestmark = pytest.mark.django_db


@pytest.fixture
def planted():
    """An Admin token of somebody's own choosing, as an import leaves it."""
    token = make.admin(name="Planted")
    Token.objects.filter(pk=token.pk).update(is_inert=True)
    token.refresh_from_db()
    return token


@pytest.mark.parametrize("operation", MAY)
def test_it_opens_no_route(client, planted, operation):
    method, path, _action = routes()[operation]

    assert client.generic(method, path, b"", **make.auth(planted)).status_code == 401


def test_it_opens_torznab_and_the_detail_of_health_no_more(client, planted):
    assert client.get("/api/torznab", {"t": "caps", "apikey": planted.raw}).status_code == 401
    assert set(client.get("/health", **make.auth(planted)).json()) == {"status"}


def test_its_former_form_opens_nothing(client, planted):
    raw = credentials.make()
    Token.objects.filter(pk=planted.pk).update(
        old_hash=credentials.digest(raw), old_hash_until=timezone.now() + timedelta(days=1)
    )

    assert Token.objects.find_usable(raw) is None
    assert Token.objects.filter(pk=planted.pk).activate() == 1
    assert Token.objects.find_usable(raw) is None, "nobody confirmed this form of an Admin"
    assert Token.objects.find_usable(planted.raw) == planted


@pytest.mark.parametrize("scheme", ["argon2", "earlier"])
def test_a_token_of_the_earlier_ghost_opens_nothing(planted, monkeypatch, scheme):
    monkeypatch.setattr(legacy_tokens, "presence", legacy_tokens._Presence())
    stored = earlier_hash(RAW) if scheme == "argon2" else credentials.digest(RAW)
    Token.objects.filter(pk=planted.pk).update(scheme=scheme, token_hash=stored)

    before = legacy_tokens.find(RAW, "192.0.2.1")
    Token.objects.filter(pk=planted.pk).activate()
    legacy_tokens.presence.forget()

    assert before is None
    assert legacy_tokens.find(RAW, "192.0.2.1") == planted


def test_it_hears_no_events_and_writes_nothing_that_it_began(planted):
    assert _token_scopes([planted.pk]) == {}
    with pytest.raises(RevokedError):
        planted.require_usable()
    with pytest.raises(RevokedError):
        planted.require_usable_now()


def test_it_is_rotated_by_nobody(planted):
    with pytest.raises(RefusedError, match="activate it first"):
        planted.rotate()


def test_it_counts_as_no_admin(planted, configure, tmp_path):
    configure(secrets_dir=tmp_path)

    assert first_admin.is_missing()
    assert first_admin.ensure() is not None
    with pytest.raises(RefusedError, match="last Admin"):
        Token.objects.get(display_name="Admin").revoke()
    planted.revoke()
    assert Token.objects.filter(pk=planted.pk).activate() == 0


def test_it_owns_no_new_team(client):
    root, ada = make.admin(), make.publisher()
    Token.objects.filter(pk=ada.pk).update(is_inert=True)
    body = json.dumps({"name": "T", "owner_token_hash": ada.token_hash})

    answer = client.post("/api/teams", body, content_type="application/json", **make.auth(root))

    assert answer.status_code == 400


# -- an operator's act


def test_an_operator_activates_what_was_shown(planted):
    browser = operators.client("Operator")
    asked = operators.act(browser, "teams_token", "activate", planted).content.decode()
    late = make.publisher(name="Late")
    Token.objects.filter(pk=late.pk).update(is_inert=True)

    operators.act(browser, "teams_token", "activate", planted, confirmed="1", select_across="1")

    assert planted.token_hash in asked
    assert "Admin tokens among them" in asked
    assert list(Token.objects.filter(is_inert=True)) == [late]
    event = AuditEvent.objects.get(action="token.activate")
    assert (event.actor_kind, event.object_key) == ("operator", str(planted.pk))
    assert event.changes == {"is_inert": [True, False]}


@pytest.mark.parametrize("group", ["Viewer", "Moderator"])
def test_nobody_else_does(planted, group):
    browser = operators.client(group)

    operators.act(browser, "teams_token", "activate", planted, confirmed="1")

    assert Token.objects.get(pk=planted.pk).is_inert


def test_asking_activates_nothing(planted):
    browser = operators.client("Operator")
    url = operators.list_of("teams_token")

    operators.act(browser, "teams_token", "activate", planted)
    browser.get(url, {"action": "activate", "_selected_action": planted.pk, "confirmed": "1"})

    page = browser.get(operators.form_of("teams_token", planted.pk)).content.decode()
    assert Token.objects.get(pk=planted.pk).is_inert
    assert "Activate…" in page
    assert "not activated" in browser.get(url, {"state": "inert"}).content.decode()
