"""`ghost torrent`: a file is written once, and whole."""

import json

import pytest

from tests import make
from tests.builds.catalog import work

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_file_is_fetched(ghost, token, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = work("Bunny", publisher=token)

    status, out, _err = ghost("torrent", row.pk)
    again, _out, err = ghost("torrent", row.pk)
    forced, told, _err = ghost("torrent", row.pk, "-o", f"{row.pk}.torrent", "--force", "--json")

    body = (tmp_path / f"{row.pk}.torrent").read_bytes()
    assert (status, out) == (0, f"{row.pk}.torrent\n")
    assert b"4:name5:Bunny" in body
    assert (again, "is there already" in err) == (2, True)
    assert (forced, json.loads(told)) == (0, {"file": f"{row.pk}.torrent", "bytes": len(body)})


def test_one_that_is_not_known_yet_is_told(ghost, token):
    row = make.resource(publisher=token, is_probed=False)

    status, _out, err = ghost("torrent", row.pk)

    assert (status, "probe" in err) == (1, True)
