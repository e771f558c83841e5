"""Publishers, teams and categories of a file meet those that are here."""

from __future__ import annotations

import pytest

from resources.models import Block, Category, Resource
from teams.models import Team, Token
from teams.roles import Role
from teams.token_schemes import Scheme
from tests import make
from tests.presence import present
from tests.resources.catalog_files import ALL, CATEGORY, PUBLISHER, RESOURCE, rewrite
from tests.resources.exchanges import bring_out, take_in, wipe

pytestmark = pytest.mark.django_db


def test_tokens_keep_working_and_revoked_ones_stay_revoked(written):
    ada = make.publisher(name="Zed")
    bring_out(written)
    wipe()

    take_in(written, "--activate-tokens")

    assert present(Token.objects.find_usable(ada.raw)).display_name == "Zed"
    assert Token.objects.get(display_name="Ben 公共").revoked_at is not None


def test_publishers_without_tokens_are_found_by_name_or_made_without_one(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    bring_out(path, "--without-tokens")
    before = Token.objects.count()
    Resource.objects.update(supersedes=None)
    Resource.objects.all().delete()
    Block.objects.all().delete()

    told = take_in(path)

    assert (told["created"], Token.objects.count()) == (ALL, before)


def test_a_publisher_without_a_token_can_have_one_by_rotating(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    bring_out(path, "--without-tokens")
    wipe()

    take_in(path, "--activate-tokens")

    ada = Token.objects.get(display_name="Ada")
    assert Token.objects.find_usable(ada.rotate()) == ada
    assert ada.resources.count() == ALL - 1


def test_a_token_that_was_rotated_here_does_not_come_back(written):
    wipe()
    take_in(written, "--activate-tokens")
    ada = Token.objects.get(display_name="Ada")
    Token.objects.filter(pk=ada.pk).update(expires_at=None)
    for _ in range(2):
        Token.objects.get(pk=ada.pk).rotate()
    before = set(Token.objects.values_list("token_hash", flat=True))

    take_in(written)

    assert set(Token.objects.values_list("token_hash", flat=True)) == before


def test_tokens_never_get_more_rights_than_they_have(written):
    def promote(each):
        return (
            each | {"role": "Admin", "revoked_at": None} if each.get("name") == "Ben 公共" else each
        )

    rewrite(written, promote)
    before = list(Token.objects.order_by("pk").values())

    take_in(written)

    assert list(Token.objects.order_by("pk").values()) == before


def test_an_admin_whom_nobody_can_be_does_not_count_as_one(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    bring_out(path, "--without-tokens")
    wipe()

    take_in(path)

    assert not Token.objects.usable().filter(role=Role.ADMIN).exists()
    assert Token.objects.filter(role=Role.ADMIN).count() == 1


def test_teams_and_their_members_come_together(written):
    wipe()

    take_in(written)

    team = Team.objects.get()
    assert (team.name, team.owner.display_name) == ("Archive", "Ada")
    assert [m.display_name for m in team.members.all()] == ["Mia"]
    assert present(Category.objects.get(slug="films").created_by).display_name == "Ada"


def test_tokens_of_the_earlier_ghost_travel_as_they_are(tmp_path):
    token = make.publisher()
    Token.objects.filter(pk=token.pk).update(scheme=Scheme.ARGON2, token_hash="ef" * 32)
    path = tmp_path / "a.ndjson"
    bring_out(path)
    wipe()

    take_in(path)

    assert Token.objects.values_list("scheme", "token_hash").get() == ("argon2", "ef" * 32)


def test_a_refused_category_refuses_what_lies_in_it(read):
    told = read(PUBLISHER, CATEGORY | {"name": ""}, RESOURCE)

    assert (told["refused"], Category.objects.count(), Resource.objects.count()) == (2, 0, 0)


def test_an_admin_token_comes_in_only_once(read):
    admin = PUBLISHER | {"role": "Admin", "token_hash": "ef" * 32}

    read(admin)
    read(admin)

    assert Token.objects.count() == 1


def test_names_are_found_as_they_are_kept(read):
    team = {"type": "team", "id": 1, "name": "The  team\n", "owner": 1}
    whole = (PUBLISHER | {"name": " Ada \n B"}, team, CATEGORY, RESOURCE)

    read(*whole)
    told = read(*whole)

    assert (told["skipped"], Token.objects.count(), Team.objects.count()) == (1, 1, 1)


def test_two_publishers_of_one_hash_are_one(read):
    both = [PUBLISHER | {"ref": n, "token_hash": "ef" * 32, "name": str(n)} for n in (1, 2)]

    told = read(*both, CATEGORY, RESOURCE | {"publisher": 2})

    assert (told.error, Resource.objects.get().publisher.display_name) == ("", "1")
