"""`manage.py blocklist import` and `export`."""

from __future__ import annotations

import base64
import codecs
import io

import pytest

from resources.exchange import blocklist
from resources.exchange.report import Report
from resources.models import Block, Resource
from tests import make
from tests.resources.exchanges import run

pytestmark = pytest.mark.django_db
FIRST, SECOND = "ab" * 20, "cd" * 32


def taken(tmp_path, body, *options):
    path = tmp_path / "list"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return run("blocklist", "import", path, *options)


@pytest.mark.parametrize(
    "body",
    [
        f"{FIRST}\n{SECOND}\n",
        f"# ours\r\n\r\n{FIRST.upper()}  # Not theirs.\r\n1220{SECOND}\r\n",
        f"{base64.b32encode(bytes.fromhex(FIRST)).decode()}\nmagnet:?xt=urn:btmh:1220{SECOND}\n",
        codecs.BOM_UTF16_LE + f"Info Hash;Reason\n{FIRST};Why\n{SECOND};\n".encode("utf-16-le"),
        f'reason,created_at,hash\n"a\nb",2026-01-31T12:00:00Z,{FIRST}\n,,{SECOND}\n',
    ],
)
def test_hashes_are_blocked_however_they_are_written_and_once(tmp_path, body):
    told, again = taken(tmp_path, body), taken(tmp_path, body)

    assert {*Block.objects.values_list("info_hash", flat=True)} == {FIRST, SECOND}
    assert (told.error, told["created"], told["skipped"]) == ("", 2, 0)
    assert (again.error, again["created"], again["skipped"]) == ("", 0, 2)


def test_bad_lines_are_told_and_the_others_are_in(tmp_path):
    told = taken(tmp_path, f"x\n{FIRST}\n{SECOND},why,2026-01-31\n")

    assert (told["created"], told["refused"]) == (1, 2)
    assert told.error == "Refused: 2; the others are in."
    assert told.lines[0].startswith("line 1: refused: ")
    assert told.lines[1].startswith("line 3: refused: created_at: ")


def test_what_stands_is_named_or_taken_down(tmp_path):
    row = make.resource()

    named = taken(tmp_path, row.magnet_hash)
    assert named["standing"] == 1
    assert named.lines[0] == f"resource {row.pk} “{row.title}”: stays public until it is taken down"
    told = taken(tmp_path, f"{row.magnet_hash} # Ours.", "--take-down")

    assert (told["taken_down"], Resource.objects.get().takedown_reason) == (1, "Ours.")


def test_there_and_back_is_the_same(tmp_path):
    Block.objects.create(info_hash=FIRST, reason='=1+1\n"é"', created_by="olga")
    Block.objects.create(info_hash=SECOND)
    path, again = tmp_path / "a.csv", tmp_path / "b.csv"
    assert run("blocklist", "export", path)["written"] == 2
    Block.objects.all().delete()

    assert taken(tmp_path, path.read_bytes()).error == ""

    run("blocklist", "export", again)
    first, second = path.read_bytes(), again.read_bytes()
    assert second == first.replace(b",\r\n", b",blocklist import\r\n")
    assert b"'=1+1" in first


@pytest.mark.parametrize("options", [(), ("--take-down",)])
def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path, options):
    row = make.resource()
    body = f"{row.magnet_hash}\n{FIRST}\n{FIRST}\nx\n" + f"{SECOND}\n" * 150

    foreseen = taken(tmp_path, body, "--dry-run", *options)

    assert (Block.objects.count(), Resource.objects.get().takedown_at) == (0, None)
    done = taken(tmp_path, body, *options)
    names = ("created", "refused", "taken_down", "standing")
    assert [foreseen.counts.get(n) for n in names] == [done.counts.get(n) for n in names]
    assert (foreseen.error, done.error) == ("Refused: 1.", "Refused: 1; the others are in.")


def test_reasons_are_read_in_the_encoding_that_is_named(tmp_path):
    body = f"{FIRST},Café\n".encode("cp1252")

    refused = taken(tmp_path, body)
    told = taken(tmp_path, body, "--encoding", "cp1252")
    unknown = taken(tmp_path, body, "--encoding", "klingon")

    assert "give --encoding" in refused.lines[0]
    assert (told.error, Block.objects.get().reason) == ("", "Café")
    assert unknown.error.startswith("There is no encoding “klingon”")


def test_a_list_is_read_as_it_comes():
    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            body = (f"# {'x' * 38}\n" if not self.tell_count else f"{FIRST}\n").encode()
            self.tell_count += 1
            buffer[: len(body)] = body
            return len(body)

        tell_count = 0

    entries = blocklist.read(io.BufferedReader(Endless()), Report(print))

    assert [next(entries).place for _ in range(2)] == ["line 2", "line 3"]
