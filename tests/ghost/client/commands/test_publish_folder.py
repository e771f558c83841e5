"""`ghost publish FOLDER`: killed anywhere and run again, nothing is lost or done twice."""

import json

import pytest

from ghost.client.commands import publish_folder
from ghost.demo.seeds import Version
from ghost.demo.seeds import make as seeded
from resources.models import Resource
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path):
    """Two .torrent files, and a list of five links of which one has no name."""
    place = tmp_path / "works"
    (place / "below").mkdir(parents=True)
    for name, path in (("One", "one.torrent"), ("Two", "below/two.TORRENT")):
        made = seeded(tmp_path / name, name, {"a.txt": name.encode()}, Version.V1)
        (place / path).write_bytes(made.body)
    links = [f"{make.magnet()}&dn=Work%20{n}" for n in range(4)]
    (place / "links.txt").write_text("\n".join(["# ours", *links, make.magnet(), ""]))
    return place


def publish(ghost, folder):
    status, out, err = ghost("publish", folder, "--category", "films", "--tag", "x", "--json")
    return status, json.loads(out) if out else None, err


def titles():
    return sorted(Resource.objects.values_list("title", flat=True))


ALL = ["One", "Two", "Work 0", "Work 1", "Work 2", "Work 3"]


def test_a_folder_is_published_once(ghost, folder, category, proxy, monkeypatch):
    monkeypatch.setattr(publish_folder, "AT_ONCE", 2)

    status, told, err = publish(ghost, folder)
    bulks = [path for _m, path, _h in proxy.seen if path.endswith("/bulk")]
    proxy.seen.clear()
    again, told_again, _err = publish(ghost, folder)

    assert (status, told["created"], told["refused"], len(bulks)) == (1, 6, 1, 2)
    assert "links.txt, line 6: This magnet link has no name (dn) in it." in err
    assert titles() == ALL
    assert {tuple(row.tags) for row in Resource.objects.all()} == {("x",)}
    assert (again, told_again["done_before"], told_again["created"]) == (1, 6, 0)
    assert [path for method, path, _h in proxy.seen if method == "POST"] == []


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_run_that_is_cut_anywhere_is_gone_on_with(
    ghost, folder, category, proxy, monkeypatch, at
):
    monkeypatch.setattr(publish_folder, "AT_ONCE", 2)
    note, count = publish_folder.Journal.note, []

    def cut(self, key):
        count.append(key)
        if len(count) == at:
            raise KeyboardInterrupt
        note(self, key)

    monkeypatch.setattr(publish_folder.Journal, "note", cut)
    assert publish(ghost, folder)[0] == 130
    monkeypatch.setattr(publish_folder.Journal, "note", note)

    status, told, _err = publish(ghost, folder)

    assert (status, titles()) == (1, ALL)
    assert told["refused"] == 1


def test_an_outage_ends_it_with_its_own_status(ghost, folder, category, proxy):
    proxy.faults = ["", "drop", "drop"]

    status, _out, err = ghost("publish", folder, "--category", "films", "--patience", "0")

    assert (status, "can't be reached" in err) == (3, True)


@pytest.mark.parametrize(
    ("options", "said"), [(("--title", "x"), "--title"), (("--wait-public",), "--wait-public")]
)
def test_what_is_of_one_work_alone_is_refused(ghost, folder, category, options, said):
    status, _out, err = ghost("publish", folder, "--category", "films", *options)

    assert (status, said in err, Resource.objects.count()) == (2, True, 0)


def test_an_empty_folder_is_told(ghost, category, tmp_path):
    (tmp_path / "empty").mkdir()

    status, _out, err = ghost("publish", tmp_path / "empty", "--category", "films")

    assert (status, "has no .torrent files" in err) == (2, True)
