"""The publishers' client against the real API, over a network that fails."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from ghost.client import client
from ghost.core.config.env import BASE_DIR
from ghost.demo.seeds import Version
from ghost.demo.seeds import make as seeded
from resources.models import Resource
from teams.models import Token
from tests import make
from tests.presence import present
from tests.proxy import Proxy
from tests.resources.prober import FakeProber

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {"readme.txt": b"hello", "disc 1/track.flac": b"x" * 70_000}


@pytest.fixture
def token():
    return make.publisher()


@pytest.fixture
def proxy(live_server, settings):
    settings.PROBER = "tests.resources.prober.FakeProber"
    with Proxy(live_server.url) as between:
        yield between


@pytest.fixture
def variables(proxy, token, tmp_path):
    return {"GHOST_URL": proxy.url, "GHOST_TOKEN": token.raw, "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture
def ghost(variables, capsys, monkeypatch):
    """`ghost("list", "--json")`: exit status, standard output, standard error."""
    for name in ("GHOST_TOKEN", "GHOST_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        capsys.readouterr()
        try:
            status = client.main([str(a) for a in arguments])
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def category():
    return make.category("Films")


def lines(path, *items):
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


def item(number, **kwargs):
    return {"title": f"Item {number}", "magnet_uri": make.magnet(), "category": "films"} | kwargs


def keys(proxy, path):
    return [headers.get("Idempotency-Key") for _m, at, headers in proxy.seen if at.startswith(path)]


# -- publish


def test_publish_takes_all_that_a_magnet_may_have(ghost, category, token, tmp_path):
    below = make.category("Short", parent=category)
    team = make.team(owner=token)
    older = make.resource(publisher=token)
    (tmp_path / "body.md").write_text("Some *words*.")
    (tmp_path / "SUMS").write_text(f"{'ab' * 32}  a/b.iso\nSHA1 (c d) = {'cd' * 20}\n")

    status, out, err = ghost(
        "publish", make.magnet(), "--title", "Bunny", "--category", "films/short",
        "--tag", "film", "--tag", "动画", "--body", tmp_path / "body.md", "--team", team.pk,
        "--licence", "cc-by-4.0", "--source", "https://example.org/", "--supersedes", older.pk,
        "--checksums", tmp_path / "SUMS", "--at", "2999-01-31T12:00:00Z",
    )  # fmt: skip

    row = Resource.objects.get(title="Bunny")
    assert (status, row.category, row.team, row.supersedes) == (0, below, team, older)
    assert (row.tags, row.content_markdown, row.licence) == (
        ["film", "动画"],
        "Some *words*.",
        "CC-BY-4.0",
    )
    assert present(row.published_at).isoformat() == "2999-01-31T12:00:00+00:00"
    assert [(c["algorithm"], c["file"]) for c in row.checksums] == [
        ("sha256", "a/b.iso"),
        ("sha1", "c d"),
    ]
    assert out.split("\n")[:-2] == [
        f"resource    {row.pk}",
        "title       Bunny",
        "state       scheduled",
        f"category    films/short ({below.pk})",
        "tags        film, 动画",
        f"team        {team.pk}",
        "licence     CC-BY-4.0",
        "source      https://example.org/",
        f"supersedes  {older.pk}",
        "probe       pending",
        "health      Unknown",
        f"published   {client.shown_moment('2999-01-31T12:00:00+00:00')}",
    ]
    assert f"superseded by  {row.pk}\n" in ghost("status", older.pk)[1]
    assert f"ghost status {row.pk} --follow" in err


def test_publish_takes_a_torrent_file(ghost, category, tmp_path):
    made = seeded(tmp_path, "A work", FILES, Version.V1)
    (tmp_path / "a.torrent").write_bytes(made.body)
    (tmp_path / "SUMS").write_text("ab" * 16)

    status, out, _err = ghost(
        "publish", tmp_path / "a.torrent", "--category", category.pk, "--tag", "x", "--tag", "y",
        "--draft", "--checksums", tmp_path / "SUMS", "--json",
    )  # fmt: skip

    row = Resource.objects.get()
    assert status == 0
    assert (row.title, row.tags, row.state) == ("A work", ["x", "y"], "draft")
    assert row.checksums == [{"algorithm": "md5", "value": "ab" * 16, "file": ""}]
    assert json.loads(out)["id"] == row.pk


def test_publish_waits_for_the_probe(ghost, category):
    status, out, _err = ghost(
        "publish", f"{make.magnet()}&dn=A+name", "--category", "FILMS", "--wait", "--json"
    )

    assert status == 0
    assert (json.loads(out)["title"], json.loads(out)["state"]) == ("A name", "live")


def test_publish_says_what_is_wrong_and_what_to_do(ghost, category, token):
    magnet = make.magnet()
    listed = make.resource(publisher=token, magnet_uri=magnet)
    make.category("Filters")

    twice = ghost("publish", magnet, "--title", "x", "--category", category.pk)
    unknown = ghost("publish", make.magnet(), "--title", "x", "--category", "film")
    nameless = ghost("publish", make.magnet(), "--category", "films")
    bad = ghost("publish", "magnet:?xt=urn:btih:zz&dn=x", "--category", "films", "--json")
    missing = ghost("publish", "nowhere.torrent", "--category", "films")

    assert twice[0] == 1
    assert f"It is resource {listed.pk}: ghost status {listed.pk}" in twice[2]
    assert (unknown[0], "Did you mean films" in unknown[2]) == (2, True)
    assert (nameless[0], "--title" in nameless[2]) == (2, True)
    assert (bad[0], bad[1]) == (1, "")
    assert [each["field"] for each in json.loads(bad[2])["errors"]] == ["magnet_uri"]
    assert (missing[0], "nowhere.torrent" in missing[2]) == (2, True)
    assert Resource.objects.count() == 1


@pytest.mark.parametrize("fault", ["429", "503", "502", "drop", "cut", "half"])
def test_publish_is_done_once_whatever_the_network_does(ghost, proxy, category, fault):
    proxy.faults = ["", fault]  # the first is for the categories

    status, out, err = ghost("publish", make.magnet(), "--title", "x", "--category", "films")

    assert status == 0, err
    assert Resource.objects.count() == 1
    assert f"resource   {Resource.objects.get().pk}\n" in out
    assert "trying again" in err
    assert len(set(keys(proxy, "/api/resources"))) == 1 + (fault in ("cut", "half"))  # and a GET


@pytest.mark.parametrize("after", ["1", "date"])
def test_server_that_asks_for_patience_gets_it(ghost, proxy, after):
    moment = format_datetime(timezone.now() + timedelta(seconds=2), usegmt=True)
    proxy.faults, proxy.retry_after = ["429"], moment if after == "date" else after

    begun = time.monotonic()
    status, _out, err = ghost("status")

    assert status == 0, err
    assert 0.9 < time.monotonic() - begun < 5


def test_publish_again_after_a_crash_gives_the_same(ghost, proxy, category):
    arguments = ("publish", make.magnet(), "--title", "x", "--category", "films", "--json")

    first, again = ghost(*arguments), ghost(*arguments)

    assert (first[0], again[0]) == (0, 0)
    assert json.loads(first[1])["id"] == json.loads(again[1])["id"]
    assert Resource.objects.count() == 1


def test_publish_that_was_refused_is_tried_anew(ghost, category, monkeypatch):
    arguments = ("publish", make.magnet(), "--title", "x", "--category", "films", "--wait")

    monkeypatch.setattr(FakeProber, "outcome", False)
    refused = ghost(*arguments)
    monkeypatch.setattr(FakeProber, "outcome", True)
    mended = ghost(*arguments)

    assert (refused[0], "No peers were found." in refused[2]) == (1, True)
    assert mended[0] == 0, mended[2]


# -- bulk


def test_bulk_tells_each_outcome(ghost, proxy, category, token, tmp_path):
    listed = make.resource(publisher=token)
    others = make.resource(publisher=make.publisher(name="Eve"))
    file = lines(
        tmp_path / "many.ndjson",
        item(1),
        item(2, magnet_uri=listed.magnet_uri),
        item(3, magnet_uri=others.magnet_uri),
        item(4, title=""),
        item(5, category="nowhere"),
        {"title": "Item 6", "magnet_uri": make.magnet(), "category_id": category.pk},
    )
    with file.open("a") as more:
        more.write("\n{not json\n[1]\n" + '{"title": NaN}\n')

    dry = ghost("bulk", file, "--dry-run", "--json")
    assert Resource.objects.count() == 2
    status, out, err = ghost("bulk", file, "--report", tmp_path / "report.ndjson")

    report = [json.loads(line) for line in (tmp_path / "report.ndjson").read_text().splitlines()]
    counts = {"created": 2, "created_before": 0, "listed": 1, "refused": 6}
    assert (dry[0], json.loads(dry[1])) == (1, counts | {"dry_run": True})
    assert status == 1
    assert out == "2 created, 1 listed already, 6 refused\n"
    told = {row["line"]: (row["outcome"], (row["problem"] or {}).get("status")) for row in report}
    assert told == {
        1: ("created", None),
        2: ("listed", None),
        3: ("refused", 409),
        4: ("refused", 422),
        5: ("refused", 0),
        6: ("created", None),
        8: ("refused", 0),
        9: ("refused", 0),
        10: ("refused", 0),
    }
    assert [row["id"] for row in report][1] == listed.pk
    assert "line 5: There is no category “nowhere”." in err


@pytest.mark.parametrize("size", [1000, 1])
def test_bulk_tells_twins_in_a_file_alike_dry_or_not(ghost, category, tmp_path, monkeypatch, size):
    monkeypatch.setattr(client, "MAX_ITEMS", size)
    twin = make.magnet()
    file = lines(tmp_path / "a.ndjson", item(1, magnet_uri=twin), item(2, magnet_uri=twin), item(3))

    dry = ghost("bulk", file, "--dry-run", "--report", tmp_path / "dry")
    real = ghost("bulk", file, "--report", tmp_path / "real")

    told = [
        [json.loads(line)["outcome"] for line in (tmp_path / name).read_text().splitlines()]
        for name in ("dry", "real")
    ]
    assert told == [["created", "listed", "created"]] * 2
    assert (dry[0], dry[1]) == (0, "2 would be created, 1 listed already, 0 refused\n")
    assert (real[0], real[1]) == (0, "2 created, 1 listed already, 0 refused\n")
    assert [json.loads(line)["id"] for line in (tmp_path / "dry").read_text().splitlines()] == [
        None
    ] * 3


def test_bulk_takes_what_list_wrote(ghost, token, category, tmp_path):
    make.resource(publisher=token, title="Draft", published_at=None, tags=["a", "b"])
    make.resource(publisher=token, title="Live", published_at=timezone.now())
    (tmp_path / "all.csv").write_text(ghost("list", "--csv")[1])
    Resource.objects.all().delete()

    status, out, err = ghost("bulk", tmp_path / "all.csv")

    assert (status, out) == (0, "2 created, 0 listed already, 0 refused\n"), err
    assert err.count("they are left out: id, state, probe_status") == 1
    live, draft = Resource.objects.order_by("pk")
    assert (live.title, live.state, draft.title, draft.state) == ("Live", "held", "Draft", "draft")
    assert draft.tags == ["a", "b"]


def test_bulk_says_once_that_a_column_is_no_field(ghost, category, tmp_path):
    rows = "".join(f"{n},{make.magnet()},films,x\n" for n in range(3))
    (tmp_path / "a.csv").write_text(f"title,magnet_uri,category,colour\n{rows}")

    status, out, err = ghost("bulk", tmp_path / "a.csv")

    assert (status, out, Resource.objects.count()) == (2, "", 0)
    assert err.count("no field is called 'colour'") == 1


def test_bulk_reads_semicolons_and_times_of_this_machine(ghost, category, tmp_path):
    (tmp_path / "a.csv").write_text(
        "title;magnet_uri;category;tags;published_at\n"
        f'One, two;{make.magnet()};films;"a;b";2999-01-31T12:00\n'
        f"Bad;{make.magnet()};films;;tomorrow\n"
    )

    status, out, err = ghost("bulk", tmp_path / "a.csv")

    row = Resource.objects.get()
    assert (status, out) == (1, "1 created, 0 listed already, 1 refused\n"), err
    assert (row.title, row.tags) == ("One, two", ["a", "b"])
    assert row.published_at == datetime(2999, 1, 31, 12).astimezone()  # here
    assert "line 3: Write a moment such as 2026-01-31T12:00, not tomorrow" in err


@pytest.mark.parametrize("fault", ["429", "503", "drop", "cut", "half"])
def test_bulk_is_done_once_whatever_the_network_does(ghost, proxy, category, tmp_path, fault):
    file = lines(tmp_path / "many.ndjson", *(item(number) for number in range(5)))
    proxy.faults = ["", fault]

    status, out, err = ghost("bulk", file)

    assert (status, out) == (0, "5 created, 0 listed already, 0 refused\n"), err
    assert Resource.objects.count() == 5
    assert len(set(keys(proxy, "/api/resources/bulk"))) == 1
    assert len(keys(proxy, "/api/resources/bulk")) == 2


def test_bulk_is_sent_in_parts_that_the_server_takes(ghost, proxy, category, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "MAX_ITEMS", 3)
    monkeypatch.setattr(client, "MAX_BYTES", 2000)
    big = {"content_markdown": "x" * 900}
    rows = [*(item(n) for n in range(4)), item(4, **big), item(5, **big), item(6, **big)]
    file = lines(tmp_path / "many.ndjson", *rows, item(7, content_markdown="x" * 2000))

    status, out, err = ghost("bulk", file)

    sizes = [int(h["Content-Length"]) for _m, path, h in proxy.seen if path.endswith("/bulk")]
    assert (status, out) == (1, "7 created, 0 listed already, 1 refused\n")
    assert "line 8: This item is too big to be sent." in err
    assert (len(sizes), max(sizes) <= 2000) == (4, True)
    made = Resource.objects.order_by("pk").values_list("title", flat=True)
    assert list(made) == [f"Item {n}" for n in range(7)]


def test_bulk_again_tries_what_was_refused_and_nothing_else(ghost, proxy, category, tmp_path):
    file = lines(tmp_path / "many.ndjson", item(1), item(2, category_id=10**6))
    text = file.read_text().replace('"category": "films", "category_id"', '"category_id"')
    file.write_text(text)

    first = ghost("bulk", file)
    again = ghost("bulk", file)
    proxy.seen.clear()
    with_more = ghost("bulk", lines(file, item(3), *map(json.loads, text.splitlines())))

    assert (first[0], first[1]) == (1, "1 created, 0 listed already, 1 refused\n")
    assert (again[0], again[1]) == (1, "0 created, 1 created before, 0 listed already, 1 refused\n")
    assert with_more[1] == "1 created, 1 listed already, 1 refused\n"
    assert Resource.objects.count() == 2


def test_bulk_reads_csv_from_standard_input(ghost, category, monkeypatch, tmp_path):
    magnets = [make.magnet() for _ in range(3)]
    text = (
        "\ufefftitle,magnet_uri,category,tags,published_at,content_markdown\r\n"
        f'"One, two",{magnets[0]},films,a; b,,"Two\nlines"\r\n'
        f"Draft,{magnets[1]},films,,draft,\r\n"
        f"Short,{magnets[2]}\r\n"
    )
    (tmp_path / "many").write_text(text, encoding="utf-8", newline="")

    with (tmp_path / "many").open("rb") as file:
        stdin = os.dup(0)
        os.dup2(file.fileno(), 0)
        try:
            status, _out, err = ghost("bulk", "-", "--csv")
        finally:
            os.dup2(stdin, 0)
            os.close(stdin)

    assert (status, "line 5: This line has 2 cells, and the first one 6." in err) == (1, True)
    one, draft = Resource.objects.order_by("pk")
    assert (one.title, one.tags, one.content_markdown) == ("One, two", ["a", "b"], "Two\nlines")
    assert (draft.title, draft.state) == ("Draft", "draft")


def test_client_that_is_killed_and_begun_anew_does_nothing_twice(
    proxy, variables, category, tmp_path
):
    file = lines(tmp_path / "many.ndjson", *(item(number) for number in range(30)))
    command = [
        sys.executable,
        "-P",
        str(BASE_DIR / "ghost" / "client" / "client.py"),
        "bulk",
        str(file),
    ]
    env = os.environ | variables
    proxy.faults = ["", "hang"]

    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        assert proxy.is_hanging.wait(30)
        one.send_signal(signal.SIGKILL)
    again = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60, check=False
    )

    assert again.stdout == "0 created, 30 created before, 0 listed already, 0 refused\n", (
        again.stderr
    )
    assert again.returncode == 0
    assert Resource.objects.count() == 30
    assert len(set(keys(proxy, "/api/resources/bulk"))) == 1


def test_server_that_can_not_be_reached_is_an_outage(ghost, proxy, category, tmp_path):
    file = lines(tmp_path / "many.ndjson", item(1))
    proxy.faults = ["drop"] * 100

    status, out, err = ghost("bulk", file, "--patience", "1")

    assert (status, out) == (3, "")
    assert "can't be reached" in err


def test_server_that_stays_busy_is_an_outage_with_its_reason(ghost, proxy):
    proxy.faults = ["503"] * 100

    status, _out, err = ghost("status", "--patience", "1.5")

    assert (status, "ghost: Come again later." in err) == (3, True)


# -- status and lists


def test_status_tells_whose_token_it_is_and_how_the_site_stands(ghost, category):
    status, out, _err = ghost("status")
    as_json = json.loads(ghost("status", "--json")[1])

    assert status == 0
    assert "token    Publisher “Ada”\n" in out
    assert "has changes to be built" in out
    assert (as_json["session"]["role"], as_json["build"]["pending_changes"]) == ("Publisher", True)


def test_status_of_a_resource_is_followed_to_its_end(ghost, token, monkeypatch):
    """Without a stream: tests/stories/publishing/test_client_live.py has one."""
    row = make.resource(publisher=token, title="Bunny", is_probed=False)
    monkeypatch.setattr(client.Ghost, "_stream", refuse)
    monkeypatch.setattr(client, "POLL_S", 0.2)
    read, states = client.Ghost.read, []

    def read_and_probe(self, resource_id):
        found = read(self, resource_id)
        states.append(found["state"])
        if len(states) == 2:
            row.record_metadata(make.torrent_metadata(row.magnet_hash))
        return found

    monkeypatch.setattr(client.Ghost, "read", read_and_probe)
    status, out, err = ghost("status", row.pk, "--follow", "--json")

    shown = [json.loads(line) for line in out.splitlines()]
    assert status == 0, err
    assert [(each["probe_status"], each["state"]) for each in shown] == [
        ("pending", "held"),
        ("ok", "live"),
    ]
    assert shown[0]["etag"].startswith('"')


def refuse(*_):
    raise client.RefusedError(429, {"detail": "Too many event streams are open; try later."})


def test_unknown_resources_and_tasks_are_told(ghost, category):
    nothing, no_task = ghost("status", "99"), ghost("status", "0f0f")

    assert (nothing[0], "Check the number" in nothing[2]) == (1, True)
    assert no_task[0] == 1


def test_list_follows_the_pages(ghost, proxy, token, category, monkeypatch):
    monkeypatch.setattr(client, "MAX_ITEMS", 2)
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
    assert line[head.index("created") :].split("  ")[0].startswith(client.shown_moment(moment))
    assert line[head.index("title") :] == "Bunny"
    assert [json.loads(each)["id"] for each in as_json.splitlines()] == [row.pk]


def test_categories_are_told_as_a_tree(ghost):
    images = make.category("Images")
    maps = make.category("Maps", parent=images)

    plain, as_json = ghost("categories")[1], ghost("categories", "--json")[1]
    status, _out, err = ghost("list", "--category", "maps")

    assert plain == f"{images.pk}\timages\tImages\t0\n{maps.pk}\timages/maps\tMaps\t0\n"
    assert [json.loads(each)["path"] for each in as_json.splitlines()] == ["images", "images/maps"]
    assert status == 2
    assert err == (
        "ghost: There is no category “maps”. Did you mean images/maps?"
        " All of them: ghost categories\n"
    )
    assert "Did you mean images/maps" in ghost("list", "--category", "image/mapz")[2]


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
    assert ghost("list", "--state", "nonsense")[0] == 1


# -- changes


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

    assert [name for name in (*client.FIELDS, *client._SHORT) if name not in told] == []


def test_update_that_has_to_be_reviewed_says_so(ghost, token):
    row = make.resource(publisher=token)
    Token.objects.filter(pk=token.pk).update(needs_review=True)

    status, out, err = ghost("update", row.pk, "--set", "title=Another")

    assert (status, "state      review\n" in out) == (0, True)
    assert "off the public site until it is approved" in err


def test_a_fault_is_told_once_with_its_field(ghost, token):
    row = make.resource(publisher=token)

    status, _out, err = ghost("update", row.pk, "--set", "supersedes=999")

    assert status == 1
    assert err.splitlines()[0] == "ghost: supersedes_id: There is no such resource of yours."
    assert err.count("There is no such resource of yours.") == 1


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


# -- the token


@pytest.fixture
def file(variables, token, tmp_path):
    """The token in its file, not in the environment."""
    del variables["GHOST_TOKEN"]
    path = tmp_path / "ghost" / "token"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(token.raw + "\n")
    return path


def test_token_is_read_from_its_file_which_others_may_not_read(file, ghost):
    alone = ghost("status")
    file.chmod(0o640)
    shared = ghost("status")
    file.unlink()
    gone = ghost("status")

    assert (alone[0], shared[0], gone[0]) == (0, 2, 2)
    assert f"chmod 600 {file}" in shared[2]
    assert f"write it to {file}" in gone[2]


def test_rotate_keeps_the_new_token(file, ghost, token):
    status, out, _err = ghost("rotate", "--overlap", "2")

    raw = file.read_text().strip()
    assert (status, raw != token.raw) == (0, True)
    assert Token.objects.find_usable(raw) == token
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["token"]
    assert raw not in out
    token.refresh_from_db()
    left = token.old_hash_until - timezone.now()
    assert timedelta(hours=1) < left < timedelta(hours=2)


@pytest.mark.parametrize("fault", ["503", "drop", "cut", "half"])
def test_rotate_is_done_once_whatever_the_network_does(file, ghost, proxy, token, fault):
    proxy.faults = ["", fault]

    status, _out, err = ghost("rotate")

    assert status == 0, err
    assert Token.objects.find_usable(file.read_text().strip()) == token


def test_rotate_that_was_killed_goes_on_where_it_was(file, ghost, proxy, token, variables):
    command = [sys.executable, "-P", str(BASE_DIR / "ghost" / "client" / "client.py"), "rotate"]
    env = {name: v for name, v in os.environ.items() if name != "GHOST_TOKEN"} | variables
    proxy.faults = ["", "hang"]

    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        assert proxy.is_hanging.wait(30)
        one.send_signal(signal.SIGKILL)
    assert file.read_text().strip() == token.raw
    status, _out, err = ghost("rotate")

    assert status == 0, err
    raw = file.read_text().strip()
    found = present(Token.objects.find_usable(raw))
    assert (found, found.is_former) == (token, False)
    assert [path.name for path in file.parent.iterdir()] == ["token"]


def test_rotate_that_was_killed_at_its_end_is_finished(file, ghost, token, monkeypatch):
    with monkeypatch.context() as cut:
        cut.setattr(client.TokenFile, "finish", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ghost("rotate")
    kept = file.read_text()

    status, _out, err = ghost("rotate")

    assert (status, file.read_text()) == (0, kept), err


def test_rotate_writes_over_no_other_token(file, ghost, token, monkeypatch):
    other = make.publisher(name="Other")
    monkeypatch.setenv("GHOST_TOKEN", other.raw)

    status, _out, err = ghost("rotate")

    assert (status, "another token" in err) == (2, True)
    assert file.read_text().strip() == token.raw
    other.refresh_from_db()
    assert other.old_hash is None


def test_token_goes_nowhere_else(ghost, proxy, variables, token):
    elsewhere = client.Ghost(f"{proxy.url}/nowhere", token.raw)
    with pytest.raises(client.GhostError):
        elsewhere.verify()
    status, out, err = ghost("status", "--url", "https://user@host/")

    assert (status, out) == (2, "")
    assert token.raw not in err


# -- what is read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (f"# none\n\n{'AB' * 16} *x", [("md5", "ab" * 16, "x")]),
        (f"{'ab' * 64}", [("sha512", "ab" * 64, "")]),
        (f"BLAKE3 (a) = {'ab' * 32}", [("blake3", "ab" * 32, "a")]),
    ],
)
def test_checksums_are_read_as_programs_write_them(text, found):
    read = client.read_checksums(text)

    assert [(each["algorithm"], each["value"], each["file"]) for each in read] == found


@pytest.mark.parametrize("text", ["nonsense", "ab" * 17, "abc  file"])
def test_checksums_that_are_none_are_refused(text):
    with pytest.raises(client.SetupError, match="Line 1"):
        client.read_checksums(text)


def test_moments_have_a_zone():
    assert client.read_moment("2026-01-31T12:00Z") == "2026-01-31T12:00:00+00:00"
    assert client.read_moment("2026-01-31T12:00+02:00") == "2026-01-31T12:00:00+02:00"
    assert client.read_moment("2026-01-31T12:00")[-6] in "+-"
    with pytest.raises(client.SetupError):
        client.read_moment("tomorrow")


@pytest.mark.parametrize(
    ("text", "width", "fits"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("片名很长", 5, "片名…")]
)
def test_texts_are_cut_to_the_columns_of_a_terminal(text, width, fits):
    assert client.fitted(text, width) == fits


def test_texts_move_no_cursor():
    assert client.shown("a\x1b[2Jb\u202ec") == "a [2Jb c"


def test_events_are_read_as_they_are_written():
    stream = (
        b"retry: 3000\n\nid: 4\n\n: still here\n\n"
        b'id: 5\nevent: task\ndata: {"event_id":7}\n\n'
        b'id: 8\ndata: {"event_id":8}\n\n'
    )

    read = list(client._events(stream.split(b"\n")[:-1]))

    assert [each for each in read if "event" in each] == [
        {"event": "task", "last_event_id": 5, "event_id": 7},
        {"event": "message", "last_event_id": 8, "event_id": 8},
    ]
    assert [each["last_event_id"] for each in read] == [0, 4, 4, 4, 5, 8]


def test_client_needs_no_python_newer_than_3_9():
    import ast

    source = (BASE_DIR / "ghost" / "client" / "client.py").read_text()

    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        present(name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported - sys.stdlib_module_names == {"requests"}


@pytest.mark.skipif(
    not (BASE_DIR / ".venv/bin/ghost").exists() and not os.environ.get("CI"),
    reason="`make setup` has not been run",
)
def test_setup_puts_the_command_where_programs_are(tmp_path):
    (tmp_path / "linked").symlink_to(BASE_DIR / ".venv/bin/ghost")

    said = subprocess.run(
        [tmp_path / "linked", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert said.stdout == f"ghost-client {client.VERSION}\n"
