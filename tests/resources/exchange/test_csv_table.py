"""CSV: what spreadsheets write is read, and what they would compute is harmless."""

from __future__ import annotations

import codecs
import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from resources.exchange import csv_table
from resources.models import Block, Category, Resource
from resources.states import State
from teams.models import Token
from tests import make
from tests.presence import present
from tests.resources.exchanges import bring_out, fill, take_in

HASH = "ab" * 20
MAGNET = f"magnet:?xt=urn:btih:{HASH}"


@pytest.fixture
def read(db, tmp_path):
    """Import a table; the category Films and the publisher Ada are there."""
    make.category("Films")
    make.publisher()

    def take(*lines, options=(), encoding="utf-8", end="\r\n"):
        path = tmp_path / "a.csv"
        body = lines[0] if isinstance(lines[0], bytes) else end.join([*lines, ""]).encode(encoding)
        path.write_bytes(body)
        return take_in(path, *options)

    return take


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_there_and_back_with_what_is_in_it(db, tmp_path):
    fill(tmp_path / "seed")
    path, again = tmp_path / "a.csv", tmp_path / "b.csv"
    bring_out(path)
    before = {row["magnet_hash"]: row for row in rows(path)}
    Resource.objects.update(supersedes=None)
    Resource.objects.all().delete()
    Block.objects.all().delete()

    told = take_in(path)

    assert told.error == ""
    bring_out(again)
    after = {row["magnet_hash"]: row for row in rows(again)}
    unread = {"state", "dht_status", "total_size_bytes", "file_count"}
    same = {name for name in csv_table.COLUMNS if name not in unread}
    assert [{n: after[h][n] for n in same} for h in before] == [
        {n: row[n] for n in same} for row in before.values()
    ]


def test_formulas_are_harmless_and_come_back(db, tmp_path):
    titles = ["=1+1", "'=1+1", "''=1", "+1", "-1", "@x", "'x", "x"]
    for title in titles:
        make.resource(title=title)
    path = tmp_path / "a.csv"
    bring_out(path)
    Resource.objects.all().delete()

    told = take_in(path)

    assert (told.error, [r.title for r in Resource.objects.order_by("pk")]) == ("", titles)
    shown = [row["title"] for row in rows(path)]
    assert shown == ["'=1+1", "''=1+1", "'''=1", "'+1", "'-1", "'@x", "'x", "x"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_any_cell_is_told_from_a_formula_and_back(cells):
    shown = [str(csv_table.guarded(cell)) for cell in cells]

    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in shown)
    assert list(map(csv_table.unguarded, shown)) == cells


def test_the_least_that_is_needed(read):
    told = read(
        "title,magnet_uri",
        f"A work,{MAGNET}",
        options=("--category", "films", "--publisher", "Ada"),
    )

    row = Resource.objects.get()
    assert (told.error, told["created"]) == ("", 1)
    assert (row.title, row.state, row.probe_due_at is None) == ("A work", State.HELD, False)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_what_spreadsheets_write_is_read(read, separator, encoding, end):
    cells = (
        ["magnet_uri", "title", "category", "publisher", "content_markdown"],
        [MAGNET, '"第二, ""; 片"', "Films", "Ada", f'"one{end}two"'],
    )

    told = read(*map(separator.join, cells), encoding=encoding, end=end)

    row = Resource.objects.get()
    assert (told.error, row.title) == ("", '第二, "; 片')
    assert row.content_markdown == f"one{end}two"


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("", []),
        ("a|b", ["a", "b"]),
        (" a | b ", ["a", "b"]),
        ('"[""a|b"", ""[c""]"', ["a|b", "[c"]),
    ],
)
def test_tags_are_words_between_bars(read, cell, tags):
    read("title,magnet_uri,category,publisher,tags", f"A,{MAGNET},films,Ada,{cell}")

    assert Resource.objects.get().tags == tags


@pytest.mark.parametrize(
    ("options", "cell", "state"),
    [
        ((), "", State.DRAFT),
        ((), "2020-01-01T00:00:00Z", State.HELD),
        ((), "2999-01-01T08:00:00+08:00", State.SCHEDULED),
        (("--drafts",), None, State.DRAFT),
        ((), None, State.HELD),
    ],
)
def test_when_it_is_public(read, options, cell, state):
    more = ("", "") if cell is None else (",published_at", f",{cell}")

    read(
        f"title,magnet_uri,category,publisher{more[0]}", f"A,{MAGNET},films,Ada{more[1]}",
        options=options,
    )  # fmt: skip

    assert Resource.objects.get().state == state


BAD = {
    "too few": (f"A,{MAGNET}", "It has 2 cells, and the first line names 5."),
    "too many": (f"A,{MAGNET},films,Ada,,x", "It has 6 cells"),
    "no zone": (f"A,{MAGNET},films,Ada,2026-01-01T12:00", "published_at: the zone is missing"),
    "no date": (f"A,{MAGNET},films,Ada,yesterday", "published_at: must be a date"),
    "a quote in it": (f'A"b"c",{MAGNET},"fil"ms,Ada,', "It is no line of a table"),
    "no title": (f",{MAGNET},films,Ada,", "A title is required."),
    "no magnet": ("A,,films,Ada,", "A magnet link starts with"),
    "no such publisher": (f"A,{MAGNET},films,Bob,", "There is no publisher “Bob”"),
    "no publisher": (f"A,{MAGNET},films,,", "It names no publisher. Give --publisher NAME."),
    "no category": (f"A,{MAGNET},,Ada,", "It names no category."),
    "no such category": (f"A,{MAGNET},Films/Old,Ada,", "There is no category “Films/Old”"),
    "a path": (f"A,{MAGNET},../../etc,Ada,", "There is no category"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD)
def test_a_bad_line_is_told_and_the_others_go_in(read, bad, reason):
    good = f"Good,magnet:?xt=urn:btih:{'cd' * 20},films,Ada,"

    told = read("title,magnet_uri,category,publisher,published_at", bad, good)

    assert (told["created"], told["refused"]) == (1, 1)
    assert told.lines[0].startswith("line 2: refused: ")
    assert reason in told.lines[0]


def test_another_encoding_is_told_by_its_line(read):
    body = f"title,magnet_uri,category,publisher\nGr\xfc\xdfe,{MAGNET},films,Ada\n".encode(
        "latin-1"
    )

    told = read(body)

    assert "line 2: refused: It is not in UTF-8: save the table as “CSV UTF-8”," in told.lines[0]


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("title,category", "magnet_uri is missing"),
        ("", "must name the columns"),
        ("title,magnet_uri,license", "The column “license” is unknown"),
        ("title,magnet_uri,title", "The column “title” is there twice"),
        ("x" * 2_000_000, "line 1 has more than a million letters"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(read, first, reason):
    told = read(first, "A,B,C")

    assert reason in told.error


def test_a_publisher_is_named_by_its_hash_too(read):
    other = make.publisher(name="Eve")

    told = read("title,magnet_uri,category,publisher", f"A,{MAGNET},films,{other.token_hash}")

    assert (told.error, Resource.objects.get().publisher) == ("", other)


def test_a_name_never_publishes_as_an_admin(read):
    make.admin(name="Boss")

    told = read("title,magnet_uri,category,publisher", f"A,{MAGNET},films,Boss")

    assert "There is no publisher “Boss”" in told.lines[0]


def test_a_member_publishes_into_its_team(read):
    team = make.team(name="Archive")
    make.member(team, name="Mia")

    told = read("title,magnet_uri,category,publisher", f"A,{MAGNET},films,Mia")

    assert (told.error, Resource.objects.get().team) == ("", team)


def test_a_team_is_its_owners(read):
    team = make.team(Token.objects.get(), "Archive")
    make.team(make.publisher(name="Eve"), "Other")
    head = "title,magnet_uri,category,publisher,team"

    refused = read(head, f"A,{MAGNET},films,Ada,Other")
    told = read(head, f"A,{MAGNET},films,Ada,Archive")

    assert "“Ada” has no team “Other”" in refused.lines[0]
    assert (told.error, Resource.objects.get().team) == ("", team)


def test_categories_are_made_on_demand(read):
    lines = [f"{n},magnet:?xt=urn:btih:{n:040x},Films/旧 片/{'ab'[n % 2]},Ada" for n in range(1, 5)]

    told = read("title,magnet_uri,category,publisher", *lines, options=("--make-categories",))

    assert (told.error, told["created"]) == ("", 4)
    made = {place.path: place.category.name for place in Category.objects.tree()}
    assert made == {
        "films": "Films",
        "films/旧-片": "旧 片",
        "films/旧-片/a": "a",
        "films/旧-片/b": "b",
    }


def test_a_dry_run_makes_no_categories_and_says_the_same(read, monkeypatch):
    monkeypatch.setattr("resources.exchange.importing.importer.AT_ONCE", 1)
    head = "title,magnet_uri,category,publisher,supersedes"
    lines = [
        f"1,magnet:?xt=urn:btih:{1:040x},New,Ada,",
        f"2,magnet:?xt=urn:btih:{2:040x},New/Below,Ada,{1:040x}",
        f"3,magnet:?xt=urn:btih:{1:040x},New,Ada,",
    ]

    dry = read(head, *lines, options=("--make-categories", "--dry-run"))
    nothing = (Category.objects.count(), Resource.objects.count())
    wet = read(head, *lines, options=("--make-categories",))

    assert nothing == (1, 0)
    assert dry.lines == wet.lines
    assert json.dumps(dry.counts | {"seconds": 0}) == json.dumps(wet.counts | {"seconds": 0})


def test_only_what_it_has_columns_for_is_changed(read):
    row = make.resource(
        content_markdown="Kept.", tags=["kept"], publisher=make.publisher(name="Eve")
    )
    before = row.category

    told = read("title,magnet_uri", f"New,{row.magnet_uri}", options=("--existing", "update"))

    row.refresh_from_db()
    assert (told.error, told["updated"], row.title) == ("", 1, "New")
    assert (row.content_markdown, row.tags, row.category) == ("Kept.", ["kept"], before)
    assert row.publisher.display_name == "Eve"


@given(st.text(st.sampled_from("a,;\"\n\r\t|'=\x00\ufeff第"), max_size=60))
@hypothesis_settings(deadline=None)
def test_any_table_is_read_or_refused(text):
    from ghost.core.errors import RefusedError

    for start in ("", "title,magnet_uri\n"):
        try:
            found = list(csv_table.read(io.BytesIO((start + text).encode())))
        except RefusedError:
            continue
        assert all(line.place.startswith("line ") for line in found)


# -- releases that replace others

OLD, NEW = "cd" * 20, "ef" * 20


def replacing(number: str, older: str) -> str:
    return f"A {number[:2]},magnet:?xt=urn:btih:{number},films,Ada,{older}"


REPLACING = "title,magnet_uri,category,publisher,supersedes"


def test_a_newer_release_may_stand_above_the_older_one(read):
    told = read(REPLACING, replacing(NEW, OLD), replacing(OLD, ""))

    newer = Resource.objects.get(magnet_hash=NEW)
    assert (told.error, told["created"], told["mended"]) == ("", 2, 0)
    assert newer.supersedes == Resource.objects.get(magnet_hash=OLD)


@pytest.mark.parametrize("older", [OLD, NEW], ids=["nowhere", "itself"])
@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_what_replaces_nothing_known_comes_without_it_and_that_is_told(read, older, options):
    told = read(REPLACING, replacing(NEW, older), replacing(HASH, ""), options=options)

    assert (told.error, told["created"], told["mended"]) == ("", 2, 1)
    assert told.lines == [
        "line 2: mended: The release that it replaces is not here: that is left out."
    ]
    assert not Resource.objects.filter(supersedes__isnull=False).exists()


def test_an_export_goes_into_a_database_that_lacks_what_it_replaces(read, tmp_path):
    films, ada = Category.objects.get(), Token.objects.get()
    older = make.resource(category=films, publisher=ada)
    make.resource(category=films, publisher=ada, supersedes=older)
    path = tmp_path / "live.csv"
    bring_out(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(b"%d," % older.pk)))
    Resource.objects.update(supersedes=None)
    Resource.objects.all().delete()

    told = take_in(path)

    assert (told.error, told["created"], told["mended"]) == ("", 1, 1)


def test_what_is_here_may_replace_what_comes_with_it(read):
    read(REPLACING, replacing(NEW, ""))
    update = ("--existing", "update")
    lines = (REPLACING, replacing(NEW, OLD), replacing(OLD, ""))

    dry = read(*lines, options=(*update, "--dry-run"))
    told = read(*lines, options=update)

    assert (told.error, told["created"], told["updated"], told["mended"]) == ("", 1, 1, 0)
    assert [dry[name] for name in ("created", "updated", "mended")] == [1, 1, 0]
    assert present(Resource.objects.get(magnet_hash=NEW).supersedes).magnet_hash == OLD


def test_what_is_here_and_replaces_nothing_known_is_told(read):
    read(REPLACING, replacing(NEW, ""))

    told = read(REPLACING, replacing(NEW, OLD), options=("--existing", "update"))

    assert (told.error, told["skipped"], told["mended"]) == ("", 1, 1)


# -- what is given for those that name none


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--publisher", "Bob"), "There is no publisher “Bob”: issue a token of this name."),
        (
            ("--category", "none"),
            "There is no category “none”: make it first, or give --make-categories.",
        ),
    ],
)
def test_a_publisher_or_category_that_is_not_there_is_refused_once(read, options, error):
    told = read("title,magnet_uri", f"A,{MAGNET}", f"B,{MAGNET}", options=options)

    assert (told.error, told.lines, told["created"]) == (error, [], 0)
    assert told.counts["error"] == error


def test_a_category_that_is_to_be_made_need_not_be_there(read):
    options = ("--category", "New", "--publisher", "Ada", "--make-categories")

    told = read("title,magnet_uri", f"A,{MAGNET}", options=options)

    assert (told.error, Resource.objects.get().category.name) == ("", "New")


TABLE = "title,magnet_uri,category,publisher\nÀ work,MAGNET,films,Ada\n"


@pytest.mark.parametrize(
    "written",
    {
        "UTF-8 with a mark": TABLE.encode("utf-8-sig"),
        "UTF-16 LE": codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
        "UTF-16 BE": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        "UTF-32 LE": codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"),
        "carriage returns": TABLE.replace("\n", "\r").encode(),
        "CRLF": TABLE.replace("\n", "\r\n").encode(),
        "tabs": TABLE.replace(",", "\t").encode(),
        "Excel's own line": b"sep=;\r\n" + TABLE.replace(",", ";").encode(),
        "an empty column behind": TABLE.replace("\n", ",\n").encode(),
        "an empty column behind some": TABLE.replace("Ada\n", "Ada,,\n").encode(),
        "blank lines": b"\n \n" + TABLE.replace("\n", "\n\n,,,\n").encode(),
        "names with capitals": TABLE.replace("title,magnet_uri", " Title ,Magnet URI").encode(),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_table_is_read_as_spreadsheets_write_it(read, written):
    name, body = written
    codec = {"UTF-16 LE": "utf-16-le", "UTF-16 BE": "utf-16-be", "UTF-32 LE": "utf-32-le"}.get(name)

    told = read(body.replace("MAGNET".encode(codec or "utf-8"), MAGNET.encode(codec or "utf-8")))

    assert (told.error, told["created"]) == ("", 1)
    assert Resource.objects.get().title == "À work"


def test_another_encoding_is_read_when_it_is_named(read):
    body = TABLE.replace("MAGNET", MAGNET).encode("cp1252")

    refused, told = read(body), read(body, options=("--encoding", "windows-1252"))

    assert refused.lines[0].startswith("line 2: refused: It is not in UTF-8")
    assert (told.error, Resource.objects.get().title) == ("", "À work")
    assert "There is no encoding “base64”" in read(body, options=("--encoding", "base64")).error


def test_names_of_columns_in_the_middle_are_told(read):
    told = read((TABLE.replace("MAGNET", MAGNET) * 2).encode())

    assert told["created"] == 1
    assert told.lines[0] == "line 3: refused: It names the columns once more: leave it out."
