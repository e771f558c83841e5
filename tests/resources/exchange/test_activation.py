"""What a file says of tokens opens nothing, and changes none that is here, until somebody says so by name."""

from __future__ import annotations

import io

import pytest

from ghost.core.audit.models import AuditEvent
from teams import credentials
from teams.models import Team, Token
from teams.roles import Role
from tests import make
from tests.presence import present
from tests.resources.catalog_files import CATEGORY, PUBLISHER, RESOURCE

pytestmark = pytest.mark.django_db

RAW = {name: credentials.make() for name in ("root", "ada", "mia", "former")}
HASH = {name: credentials.digest(raw) for name, raw in RAW.items()}
ROOT = PUBLISHER | {"role": "Admin", "name": "Root", "token_hash": HASH["root"]}
ADA = PUBLISHER | {"ref": 2, "name": "Ada", "token_hash": HASH["ada"]}
TEAM = {"type": "team", "id": 1, "name": "Archive", "owner": 2}
MIA = PUBLISHER | {
    "ref": 3, "role": "TeamMember", "name": "Mia", "team": 1, "token_hash": HASH["mia"],
}  # fmt: skip
FILE = (ROOT, ADA, TEAM, MIA)
CONFIRMED = f"Root/{HASH['root']}"


def usable():
    return {name for name, raw in RAW.items() if Token.objects.find_usable(raw)}


def test_a_planted_token_opens_nothing_and_the_report_says_so(read):
    told = read(*FILE)

    assert usable() == set()
    assert (told.error, told["tokens_inert"], told["tokens_activated"]) == ("", 3, 0)
    assert "--activate-tokens" in told.tokens[0]
    assert told.tokens[1] == f"tokens: --confirm-admin {CONFIRMED}"
    event = AuditEvent.objects.filter(action="token.import").order_by("pk").first()
    assert present(event).changes["role"] == [None, "Admin"]
    assert present(event).changes["is_inert"] == [None, True]


def test_a_bare_flag_activates_no_admin(read):
    told = read(*FILE, options=["--activate-tokens"])

    assert usable() == {"ada", "mia"}
    assert (told["tokens_inert"], told["tokens_activated"]) == (1, 2)
    assert (
        AuditEvent.objects.filter(action="token.activate", actor_name="import_catalog").count() == 2
    )


def test_an_admin_is_activated_by_its_name_and_hash(read):
    read(*FILE)

    told = read(*FILE, options=["--activate-tokens", "--confirm-admin", CONFIRMED])

    assert usable() == {"root", "ada", "mia"}
    assert (told.error, told["tokens_inert"], told["tokens_activated"]) == ("", 0, 3)


@pytest.mark.parametrize(
    "confirmed",
    ["root/{root}", "Root/{ada}", "Root", "{root}", "Root/{root:.20}", "Ada/{ada}", "/"],
)
def test_another_name_or_hash_activates_no_admin(read, confirmed):
    named = confirmed.format(**HASH)

    told = read(*FILE, options=["--activate-tokens", "--confirm-admin", named])

    assert usable() == {"ada", "mia"}
    assert "waits to be activated" in told.error


def test_a_confirmation_without_the_flag_is_a_mistake(read):
    told = read(*FILE, options=["--confirm-admin", CONFIRMED])

    assert told.error == "--confirm-admin goes with --activate-tokens."
    assert Token.objects.count() == 0


@pytest.mark.parametrize(("typed", "opened"), [("Root\n", True), ("y\n", False), ("\n", False)])
def test_whoever_sits_there_is_asked_for_each_admin(read, monkeypatch, typed, opened):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal(typed))

    read(*FILE, options=["--activate-tokens"])

    assert ("root" in usable()) is opened


def test_a_dry_run_activates_nothing(read):
    told = read(*FILE, options=["--activate-tokens", "--confirm-admin", CONFIRMED, "--dry-run"])

    assert Token.objects.count() == 0
    assert (told["tokens_inert"], told["tokens_activated"]) == (3, 0)


def test_a_name_without_a_hash_brings_no_former_form(read):
    until = "2999-01-01T00:00:00+00:00"
    planted = PUBLISHER | {"old_hash": HASH["former"], "old_hash_until": until}

    read(planted, options=["--activate-tokens"])

    assert usable() == set()


def test_a_former_form_that_is_another_token_takes_nothing_from_that(read, client):
    ada, root = make.publisher(name="Ada"), make.admin()
    until = "2999-01-01T00:00:00+00:00"
    planted = PUBLISHER | {"name": "Eve", "token_hash": HASH["former"], "prefix": "ghost_x"}

    read(planted | {"old_hash": ada.token_hash, "old_hash_until": until})
    rotated = client.post(f"/api/admin/tokens/{ada.token_hash}/rotate", **make.auth(root))
    revoked = client.post(
        "/api/admin/tokens/revoke",
        {"token_hash": ada.token_hash},
        content_type="application/json",
        **make.auth(root),
    )

    assert (rotated.status_code, revoked.status_code) == (200, 200)
    assert not Token.objects.get(pk=ada.pk).is_usable
    assert Token.objects.get(display_name="Eve").old_hash is None


def test_only_what_this_file_names_by_its_hash_is_activated(read):
    read(*FILE)

    told = read(PUBLISHER | {"name": "Ada"}, options=["--activate-tokens"])

    assert (usable(), told["tokens_activated"]) == (set(), 0)


def test_a_revoked_token_stays_so(read):
    read(*FILE)
    Token.objects.get(display_name="Ada").revoke()

    read(*FILE, options=["--activate-tokens"])

    assert usable() == set()


@pytest.mark.parametrize("existing", ["skip", "update"])
def test_no_file_changes_a_token_or_team_that_is_here(read, existing):
    ada, eve = make.publisher(name="Ada"), make.publisher(name="Eve", needs_review=True)
    team = make.team(ada, "Archive")
    mia = make.member(team)
    mia.revoke()
    before = list(Token.objects.order_by("pk").values()), list(Team.objects.values())
    wider = {"needs_review": False, "is_read_only": False, "revoked_at": None, "expires_at": None}

    read(
        PUBLISHER | {"role": "Admin", "token_hash": ada.token_hash} | wider,
        PUBLISHER | {"ref": 2, "name": "Eve", "token_hash": eve.token_hash} | wider,
        {"type": "team", "id": team.pk, "name": "Archive", "owner": 1},
        MIA | {"team": team.pk, "token_hash": mia.token_hash} | wider,
        CATEGORY,
        RESOURCE | {"publisher": 2},
        options=["--existing", existing, "--activate-tokens"],
    )  # fmt: skip

    assert (list(Token.objects.order_by("pk").values()), list(Team.objects.values())) == before


def test_a_team_of_another_owner_stays_his(read):
    team = make.team(make.publisher(name="Bob"), "Archive")

    told = read(*FILE, options=["--activate-tokens"])
    again = read(*FILE)

    assert Team.objects.get(pk=team.pk).owner.display_name == "Bob"
    assert Team.objects.get(owner__display_name="Ada").name == "Archive (2)"
    assert told.lines == [
        "line 4: mended: Somebody else has its name, “Archive”: it is now “Archive (2)”."
    ]
    assert (again.lines, Team.objects.count()) == ([], 2)


@pytest.mark.parametrize("has_hash", [True, False])
def test_nothing_lands_under_the_name_of_somebody_else(read, has_hash):
    here = make.member(make.team(make.publisher(name="Bob")), "Ada")
    file = (PUBLISHER | ({"token_hash": HASH["ada"]} if has_hash else {}), CATEGORY, RESOURCE)

    told = read(*file)
    again = read(*file)

    assert not here.resources.exists()
    assert Token.objects.get(resources__isnull=False).display_name == "Ada (2)"
    assert "it is now “Ada (2)”" in told.lines[0]
    assert (again.lines, Token.objects.filter(role=Role.PUBLISHER, name_key="ada2").count()) == (
        [],
        1,
    )


def test_what_was_read_only_comes_so(read):
    read(ADA | {"is_read_only": True}, options=["--activate-tokens"])

    assert present(Token.objects.find_usable(RAW["ada"])).is_read_only


def test_every_row_that_a_file_can_bring_is_inert(read):
    """Also where the file says otherwise: there is no such field in it."""
    told = read(ADA | {"is_inert": False}, ROOT)

    assert told["refused"] == 1
    assert not Token.objects.filter(is_inert=False).exists()
