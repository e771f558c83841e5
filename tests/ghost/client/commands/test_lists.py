"""`ghost list` and `ghost teams`."""

import csv
import io
import json

import pytest
from django.utils import timezone

from ghost.client.commands import lists
from ghost.client.resource_fields import shown_moment
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def test_list_follows_the_pages(ghost, proxy, token, category, monkeypatch):
    monkeypatch.setattr(lists, "MAX_ITEMS", 2)
    rows = [make.resource(publisher=token, title=f"片名 {n}") for n in range(5)]
    make.resource(publisher=make.publisher(name="Eve"))

    _status, as_json, _err = ghost("list", "--json")
    _status, plain, _err = ghost("list", "--limit", "3")
    _status, table, _err = ghost("list", "--csv", "--q", "片名 3")

    newest = [row.pk for row in reversed(rows)]
    assert [json.loads(line)["id"] for line in as_json.splitlines()] == newest
    assert [int(line.split("\t")[0]) for line in plain.splitlines()] == newest[:3]
    assert [row["title"] for row in csv.DictReader(io.StringIO(table))] == ["片名 3"]
    assert [path for _m, path, _h in proxy.seen][1].startswith("/api/resources?limit=2&cursor=")


def test_list_has_a_head_and_the_time_here_on_a_terminal(ghost, token, monkeypatch):
    row = make.resource(publisher=token, title="Bunny")
    moment = timezone.localtime(row.created_at).isoformat()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    _status, out, _err = ghost("list")
    _status, as_json, _err = ghost("list", "--json")

    head, line = out.splitlines()
    assert head.split() == ["id", "state", "health", "size", "created", "title"]
    assert line[head.index("created") :].split("  ")[0].startswith(shown_moment(moment))
    assert line[head.index("title") :] == "Bunny"
    assert [json.loads(each)["id"] for each in as_json.splitlines()] == [row.pk]


def test_list_takes_filters(ghost, token, category):
    make.resource(publisher=token, title="draft", published_at=None)
    make.resource(publisher=token, title="tagged", tags=["x"], category=make.category("Other"))

    def found(*filters):
        return [
            json.loads(line)["title"]
            for line in ghost("list", "--json", *filters)[1].split("\n")[:-1]
        ]

    assert found("--state", "draft") == ["draft"]
    assert found("--tag", "x") == found("--category", "other") == ["tagged"]
    assert found("--since", "2999-01-01") == []
    assert found("--health", "Stale", "--probe", "ok") == []
    assert found("--seeds", "0") == found("--missing-before", "2999-01-01") == []
    assert found("--sort=-seeds") == ["tagged", "draft"]
    assert ghost("list", "--state", "nonsense")[0] == 1


def test_teams_are_those_in_scope(ghost, token):
    own, _other = make.team(owner=token, name="Restorers"), make.team(name="Others")

    status, plain, _err = ghost("teams")
    _status, as_json, _err = ghost("teams", "--json")

    assert (status, plain) == (0, f"{own.pk}\tRestorers\n")
    assert json.loads(as_json)["name"] == "Restorers"
