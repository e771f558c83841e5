"""`ghost update`, `withdraw` and `publish-now`."""

import json

import pytest

from ghost.client.commands import changes
from ghost.client.resource_fields import FIELDS
from teams.models import Token
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def test_update_changes_these_fields_of_the_version_that_is_there(ghost, proxy, token, tmp_path):
    row = make.resource(publisher=token, licence="MIT", tags=["old"])
    other = make.category("Other", parent=make.category("Top"))
    (tmp_path / "body.md").write_text("New.")

    status, _out, err = ghost(
        "update", row.pk, "--set", "title=New = better", "--set", "tags=a, b", "--set",
        f"body=@{tmp_path / 'body.md'}", "--set", "category=top/other", "--set", "licence=",
        "--set", "published_at=null",
    )  # fmt: skip

    row.refresh_from_db()
    assert status == 0, err
    assert (row.title, row.tags, row.content_markdown) == ("New = better", ["a", "b"], "New.")
    assert (row.category, row.licence, row.published_at) == (other, "", None)
    assert [h["If-Match"] for method, _p, h in proxy.seen if method == "PATCH"] != [""]


def test_update_of_another_version_is_refused(ghost, token):
    row = make.resource(publisher=token)
    etag = json.loads(ghost("status", row.pk, "--json")[1])["etag"]
    row.title = "Changed since"
    row.store()

    stale = ghost("update", row.pk, "--set", "title=x", "--if-match", etag)
    bad = ghost("update", row.pk, "--set", "nonsense")

    row.refresh_from_db()
    assert (stale[0], "Somebody changed it" in stale[2]) == (1, True)
    assert bad[0] == 2
    assert row.title == "Changed since"


def test_update_takes_the_names_of_publish_and_clears(ghost, token):
    team, older = make.team(owner=token), make.resource(publisher=token)
    row = make.resource(publisher=token, tags=["x"], licence="MIT", content_markdown="Old.")

    named = ghost(
        "update", row.pk, "--set", f"team={team.pk}", "--set", f"supersedes={older.pk}",
        "--set", "source=https://example.org/", "--set", "body=New.",
    )  # fmt: skip
    row.refresh_from_db()
    said = (row.team, row.supersedes, row.source_url, row.content_markdown)
    nulls = [
        part
        for name in (
            "tags",
            "licence",
            "source",
            "body",
            "team",
            "supersedes",
            "checksums",
            "cover",
        )
        for part in ("--set", f"{name}=null")
    ]
    cleared = ghost("update", row.pk, *nulls)

    row.refresh_from_db()
    assert (named[0], cleared[0]) == (0, 0), named[2] + cleared[2]
    assert said == (team, older, "https://example.org/", "New.")
    assert (row.tags, row.licence, row.source_url, row.content_markdown) == ([], "", "", "")
    assert (row.team, row.supersedes, row.checksums) == (None, None, [])


def test_update_names_all_fields_in_its_help(ghost):
    told = ghost("update", "--help")[1]

    assert [name for name in (*FIELDS, *changes.SHORT_NAMES) if name not in told] == []


def test_update_that_has_to_be_reviewed_says_so(ghost, token):
    row = make.resource(publisher=token)
    Token.objects.filter(pk=token.pk).update(needs_review=True)

    status, out, err = ghost("update", row.pk, "--set", "title=Another")

    assert (status, "state      review\n" in out) == (0, True)
    assert "off the public site until it is approved" in err


@pytest.mark.parametrize("fault", ["503", "drop", "cut", "half"])
def test_update_is_done_whatever_the_network_does(ghost, proxy, token, fault):
    row = make.resource(publisher=token)
    proxy.faults = ["", fault]

    status, _out, err = ghost("update", row.pk, "--set", "title=New")

    row.refresh_from_db()
    assert (status, row.title) == (0, "New"), err


def test_withdraw_and_publish_now(ghost, token):
    row = make.resource(publisher=token)

    withdrawn = ghost("withdraw", row.pk, "--json")
    published = ghost("publish-now", row.pk, "--json")

    assert [json.loads(said[1])["state"] for said in (withdrawn, published)] == ["draft", "live"]
