"""`ghost bulk` against the real API, over a network that fails."""

import json
import os
import signal
import subprocess
import sys
from datetime import datetime

import pytest
from django.utils import timezone

from ghost.client import bulk
from resources.models import Resource
from tests import make
from tests.ghost.client.items import item, keys, lines

pytestmark = pytest.mark.django_db(transaction=True)


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
    monkeypatch.setattr(bulk, "MAX_ITEMS", size)
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
    monkeypatch.setattr(bulk, "MAX_ITEMS", 3)
    monkeypatch.setattr(bulk, "MAX_BYTES", 2000)
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
    packed_client, proxy, variables, category, tmp_path
):
    file = lines(tmp_path / "many.ndjson", *(item(number) for number in range(30)))
    command = [
        sys.executable,
        str(packed_client),
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
