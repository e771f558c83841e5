"""The earlier Ghost's database comes in, with every fault that it is known for."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import UTC, datetime

import pytest
from django.test.utils import CaptureQueriesContext

from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog
from resources.models import Block, Category, Resource
from resources.states import DhtStatus, ProbeStatus, State
from teams import legacy_tokens
from teams.models import Team, Token
from teams.roles import Role
from teams.token_schemes import Scheme
from tests.presence import present
from tests.resources.exchanges import state, take_in, wipe
from tests.teams.test_legacy_tokens import earlier_hash

pytestmark = pytest.mark.django_db

# As its SQLAlchemy models make them; nothing checks the foreign keys.
SCHEMA = """
CREATE TABLE auth (token_hash VARCHAR NOT NULL, role VARCHAR NOT NULL, scope_team_id INTEGER,
  display_name VARCHAR NOT NULL, created_at DATETIME NOT NULL, revoked_at DATETIME,
  PRIMARY KEY (token_hash), FOREIGN KEY(scope_team_id) REFERENCES team (id));
CREATE TABLE team (id INTEGER NOT NULL, name VARCHAR NOT NULL, owner_token_hash VARCHAR NOT NULL,
  created_at DATETIME NOT NULL, PRIMARY KEY (id),
  FOREIGN KEY(owner_token_hash) REFERENCES auth (token_hash));
CREATE TABLE category (id INTEGER NOT NULL, root_id INTEGER NOT NULL, parent_id INTEGER,
  name VARCHAR NOT NULL, slug VARCHAR NOT NULL, sort_order INTEGER NOT NULL,
  created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, PRIMARY KEY (id));
CREATE TABLE resource (id INTEGER NOT NULL, title VARCHAR NOT NULL, magnet_uri TEXT NOT NULL,
  magnet_hash VARCHAR NOT NULL, content_markdown TEXT NOT NULL, cover_image_url TEXT,
  cover_image_path TEXT, tags_json TEXT NOT NULL, category_id INTEGER NOT NULL,
  publisher_token_hash VARCHAR NOT NULL, team_id INTEGER, dht_status VARCHAR NOT NULL,
  last_dht_check DATETIME, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL,
  published_at DATETIME NOT NULL, takedown_at DATETIME, PRIMARY KEY (id),
  CONSTRAINT uq_resource_magnet_hash UNIQUE (magnet_hash));
CREATE TABLE build_state (id INTEGER NOT NULL, pending_changes BOOLEAN NOT NULL,
  pending_reason TEXT, last_build_at DATETIME, last_build_commit VARCHAR, last_error TEXT,
  PRIMARY KEY (id));
INSERT INTO build_state VALUES (1, 1, 'x', NULL, NULL, NULL);
"""
AT = "2024-05-06 07:08:09.123456"
MOMENT = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
ADMIN, ADA, EVE, MIA = (letter * 64 for letter in "abcd")


class Old:
    """A database of the earlier Ghost's, filled by hand."""

    def __init__(self, path):
        self.path = path
        self.connection = sqlite3.connect(path)
        self.connection.executescript(SCHEMA)
        self._next = 0

    def _insert(self, table, row):
        marks = ", ".join("?" * len(row))
        self.connection.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()]
        )
        self.connection.commit()

    def token(self, token_hash, role="Publisher", name="Ada", **more):
        row = {"token_hash": token_hash, "role": role, "display_name": name, "created_at": AT}
        self._insert("auth", row | more)

    def team(self, key, name="Archive", owner=ADA):
        self._insert("team", {"id": key, "name": name, "owner_token_hash": owner, "created_at": AT})

    def category(self, key, slug="films", parent=None, name="Films", **more):
        row = {"id": key, "root_id": key, "parent_id": parent, "name": name, "slug": slug}
        self._insert("category", row | {"sort_order": 0, "created_at": AT, "updated_at": AT} | more)

    def resource(self, **more):
        self._next += 1
        v1 = hashlib.sha1(str(self._next).encode()).hexdigest()
        row = {
            "title": f"Work {self._next}", "magnet_uri": f"magnet:?xt=urn:btih:{v1}",
            "magnet_hash": v1, "content_markdown": "", "tags_json": "[]", "category_id": 1,
            "publisher_token_hash": ADA, "dht_status": "Unknown", "created_at": AT,
            "updated_at": AT, "published_at": AT,
        }  # fmt: skip
        self._insert("resource", row | {"magnet_hash": f"text {self._next}"} | more)
        return v1


@pytest.fixture
def old(tmp_path):
    found = Old(tmp_path / "ghost.db")
    found.token(ADA)
    found.category(1)
    yield found
    found.connection.close()


def test_all_that_is_sound_comes_in_as_it_is(old):
    old.token(ADMIN, "Admin", "Root")
    old.token(EVE, name="Eve", revoked_at=AT)
    old.team(7)
    old.token(MIA, "TeamMember", "Mia", scope_team_id=7)
    old.category(2, "旧片", 1, "旧片", sort_order=4)
    old.resource(
        id=41, title="第二", content_markdown="# Words", tags_json='["a", "数据"]', category_id=2,
        publisher_token_hash=MIA, team_id=7, dht_status="Active", last_dht_check=AT,
        cover_image_url="https://covers.example/a.png", cover_image_path="assets/covers/41.png",
    )  # fmt: skip

    told = take_in(old.path)

    row = Resource.objects.get()
    assert (told.error, told["created"], told["mended"], told.lines) == ("", 1, 0, [])
    assert (row.pk, row.title, row.content_markdown, row.tags) == (
        41,
        "第二",
        "# Words",
        ["a", "数据"],
    )
    assert (row.publisher.display_name, present(row.team).name, present(row.team).pk) == (
        "Mia",
        "Archive",
        7,
    )
    assert (row.dht_status, row.last_dht_check) == (DhtStatus.ACTIVE, MOMENT)
    assert (row.created_at, row.updated_at, row.published_at) == (MOMENT,) * 3
    assert (row.cover_image_url, row.cover_image_path) == ("https://covers.example/a.png", None)
    places = {place.path: place.category for place in Category.objects.tree()}
    assert {*places} == {"films", "films/旧片"}
    assert (places["films/旧片"].pk, places["films/旧片"].sort_order) == (2, 4)
    assert (places["films"].created_at, places["films"].updated_at) == (MOMENT, MOMENT)
    tokens = {t.display_name: (t.role, t.scheme, t.revoked_at) for t in Token.objects.all()}
    assert tokens == {
        "Root": (Role.ADMIN, Scheme.ARGON2, None),
        "Ada": (Role.PUBLISHER, Scheme.ARGON2, None),
        "Eve": (Role.PUBLISHER, Scheme.ARGON2, MOMENT),
        "Mia": (Role.TEAM_MEMBER, Scheme.ARGON2, None),
    }


def test_a_second_time_changes_nothing(old):
    old.token("no hash", name="Bob")
    old.token(EVE, name="Eve")
    old.team(1), old.team(2)
    old.resource(publisher_token_hash="no hash", takedown_at=AT)
    old.resource(tags_json="[")
    take_in(old.path)
    before = state()

    told = take_in(old.path)

    assert (told["created"], told["skipped"]) == (0, 2)
    assert state() == before


@pytest.mark.parametrize("is_dry_first", [False, True])
def test_a_dry_run_says_the_same(old, is_dry_first):
    fill_with_faults(old)
    dry = take_in(old.path, "--dry-run")
    nothing = Resource.objects.count() + Category.objects.count() + Token.objects.count()

    wet = take_in(old.path)

    assert nothing == 0
    assert dry.lines == wet.lines
    assert dry.counts | {"seconds": 0} == wet.counts | {"seconds": 0}


def fill_with_faults(old):
    """Some of everything."""
    old.category(2, "x", 3), old.category(3, "y", 2), old.category(4, "../../x", 1)
    old.resource(category_id=3), old.resource(category_id=4), old.resource(magnet_uri="garbage")
    old.resource(publisher_token_hash="nobody"), old.resource(title="", tags_json="{")


# -- tokens


def test_an_old_token_opens_the_api_twice(old, client, monkeypatch):
    monkeypatch.setattr(legacy_tokens, "presence", legacy_tokens._Presence())
    raw = "x" * 32
    old.token(earlier_hash(raw), name="Zed")
    take_in(old.path, "--activate-tokens")

    answers = [
        client.post("/api/session/verify", headers={"Authorization": f"Bearer {raw}"})
        for _ in range(2)
    ]

    assert [a.json()["display_name"] for a in answers] == ["Zed", "Zed"]
    assert Token.objects.get(display_name="Zed").scheme == Scheme.EARLIER


def test_a_used_token_is_known_when_the_database_comes_again(old, monkeypatch):
    monkeypatch.setattr(legacy_tokens, "presence", legacy_tokens._Presence())
    raw = "x" * 32
    old.token(earlier_hash(raw), name="Zed")
    take_in(old.path, "--activate-tokens")
    legacy_tokens.find(raw, "192.0.2.1")
    before = state()

    take_in(old.path)

    assert state() == before


def test_a_rotated_token_does_not_come_back(old, monkeypatch):
    monkeypatch.setattr(legacy_tokens, "presence", legacy_tokens._Presence())
    raw = "x" * 32
    old.token(earlier_hash(raw), name="Zed")
    take_in(old.path, "--activate-tokens")
    legacy_tokens.find(raw, "192.0.2.1")
    for _ in range(2):
        Token.objects.get(display_name="Zed").rotate()

    take_in(old.path)

    assert Token.objects.filter(display_name="Zed").count() == 1
    assert legacy_tokens.find(raw, "192.0.2.1") is None


TOKENS = {
    "an unknown role": ({"role": "God"}, "refused: There is no role “God”.", None),
    "a hash that is none": ({"token_hash": "x"}, "mended: Its hash is none", Scheme.GHOST),
    "a member of no team": ({"role": "TeamMember"}, "refused: It is a TeamMember of no team.", None),
    "a member of nowhere": (
        {"role": "TeamMember", "scope_team_id": 99}, "refused: Its team is not in", None),
    "a publisher with a team": ({"scope_team_id": 7}, "", Scheme.ARGON2),
    "no name": ({"display_name": ""}, "", Scheme.ARGON2),
    "a name of controls": ({"display_name": "\x00\u202e<script>\n"}, "", Scheme.ARGON2),
    "a long name": ({"display_name": "x" * 500}, "", Scheme.ARGON2),
}  # fmt: skip


@pytest.mark.parametrize(("values", "line", "scheme"), TOKENS.values(), ids=TOKENS)
def test_odd_tokens_are_mended_or_refused(old, values, line, scheme):
    old.token(
        **{"token_hash": EVE, "name": "Eve"}
        | {{"display_name": "name"}.get(name, name): value for name, value in values.items()}
    )

    told = take_in(old.path)

    found = Token.objects.exclude(token_hash=ADA).first()
    assert (found and found.scheme) == scheme
    assert any(line in said for said in told.lines) or (line == "" and told.lines == [])


def test_what_was_revoked_stays_revoked_whatever_its_date_says(old):
    old.token(EVE, name="Eve", revoked_at="yesterday")

    take_in(old.path)

    assert Token.objects.get(display_name="Eve").revoked_at is not None


def test_two_teams_of_one_name_stay_two(old):
    old.team(1), old.team(2)
    old.token(MIA, "TeamMember", "Mia", scope_team_id=2)

    told = take_in(old.path)

    assert set(Team.objects.values_list("pk", "name")) == {(1, "Archive"), (2, "Archive (2)")}
    assert Token.objects.get(display_name="Mia").scope_team_id == 2
    assert "team 2: mended: Its owner had another team of this name" in told.lines[0]


@pytest.mark.parametrize("owner", ["nobody", MIA])
def test_a_team_without_a_publisher_is_refused_with_its_members(old, owner):
    old.token(MIA, "Admin", "Mia")
    old.team(1, owner=owner)
    old.token(EVE, "TeamMember", "Eve", scope_team_id=1)
    old.resource(publisher_token_hash=EVE, team_id=1)

    told = take_in(old.path)

    assert (told["refused"], Team.objects.count(), Resource.objects.count()) == (3, 0, 0)


# -- categories


@pytest.mark.parametrize(
    "parents",
    [{2: 2}, {2: 3, 3: 2}, {2: 3, 3: 4, 4: 2}, {2: 3, 3: 4, 4: 3}],
    ids=["itself", "two", "three", "before a ring"],
)
def test_a_category_below_itself_becomes_a_root(old, parents):
    for key, parent in parents.items():
        old.category(key, f"c{key}", parent, f"C{key}")
        old.resource(category_id=key)

    told = take_in(old.path)

    assert (told["created"], told["refused"], told["mended"]) == (len(parents), 0, 1)
    assert Category.objects.filter(parent=None).count() == 2
    assert {c.name for c in Category.objects.all()} == {"Films", *(f"C{key}" for key in parents)}


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("../../x", "x"), (".", None), ("", "name"), ("A B", "a-b"), ("page", "page-1"),
        ("films", "films-2"), ("a/b", "a-b"), ("\x00", None), ("数据", "数据"), ("x" * 500, None),
    ],
)  # fmt: skip
def test_slugs_are_made_by_the_rule(old, slug, expected):
    old.category(2, slug, None, "Name")

    told = take_in(old.path)

    row = Category.objects.get(name="Name")
    assert expected in (row.slug, None)
    assert "/" not in row.slug
    assert len(row.slug.encode()) <= 190
    assert told.error == ""


def test_deep_categories_are_moved_up(old):
    for key in range(2, 21):
        old.category(key, f"c{key}", key - 1, f"C{key}")

    told = take_in(old.path)

    assert (told["refused"], told["mended"]) == (0, 20 - 12)
    assert max(place.depth for place in Category.objects.tree()) == 11
    assert Category.objects.count() == 20


def test_a_category_below_nothing_becomes_a_root(old):
    old.category(2, "x", 99, "X")

    told = take_in(old.path)

    assert Category.objects.get(name="X").parent is None
    assert "category 2: mended: Its parent is not there" in told.lines[0]


# -- resources


MENDED = {
    "no title": ({"title": ""}, "It had no title", {}),
    "a long title": ({"title": "x" * 400}, "cut to 300", {"title": "x" * 300}),
    "no tags": ({"tags_json": "["}, "tags could not be read", {"tags": []}),
    "tags of another kind": ({"tags_json": '{"a": 1}'}, "tags could not be read", {"tags": []}),
    "deep tags": ({"tags_json": "[" * 100_000}, "tags could not be read", {"tags": []}),
    "odd tags": ({"tags_json": '["a", 5, "", "A"]'}, "Tags that can't be", {"tags": ["a"]}),
    "a tag that is a path": ({"tags_json": '["../../x"]'}, "", {"tags": ["../../x"]}),
    "a long tag": ({"tags_json": json.dumps(["片" * 70])}, "Tags that", {"tags": ["片" * 60]}),
    "many tags": (
        {"tags_json": json.dumps([f"t{n}" for n in range(40)])}, "Tags that",
        {"tags": [f"t{n}" for n in range(30)]}),
    "a cover in a file": ({"cover_image_url": "file:///etc/x"}, "cover", {"cover_image_url": None}),
    "a cover of script": ({"cover_image_url": "javascript:x"}, "cover", {"cover_image_url": None}),
    "a zero byte": ({"content_markdown": "a\x00b"}, "Zero bytes", {"content_markdown": "ab"}),
    "an odd status": ({"dht_status": "Zombie"}, "", {"dht_status": DhtStatus.UNKNOWN}),
    "an odd date": ({"published_at": "soon"}, "it is a draft now", {"published_at": None}),
    "a date too far": ({"published_at": "9999-12-31 23:59:59"}, "draft", {"published_at": None}),
    "a date with a zone": (
        {"published_at": "2024-05-06T15:08:09.123456+08:00"}, "", {"published_at": MOMENT}),
    "an unknown team": ({"team_id": 99}, "Its team is not there", {"team": None}),
}  # fmt: skip


@pytest.mark.parametrize(("values", "said", "expected"), MENDED.values(), ids=MENDED)
def test_what_can_be_mended_comes_in(old, values, said, expected):
    old.resource(**values)

    told = take_in(old.path)

    row = Resource.objects.get()
    assert (told.error, told["mended"]) == ("", bool(said))
    assert {name: getattr(row, name) for name in expected} == expected
    assert told.lines == [] or (
        told.lines[0].startswith("resource 1: mended: ") and said in told.lines[0]
    )


REFUSED = {
    "garbage": ({"magnet_uri": "garbage"}, "A magnet link starts with magnet:?"),
    "nothing": ({"magnet_uri": ""}, "A magnet link starts with magnet:?"),
    "a short hash": ({"magnet_uri": "magnet:?xt=urn:btih:abc"}, "40 hexadecimal or 32 base32"),
    "no hash": ({"magnet_uri": "magnet:?dn=x"}, "has no BitTorrent hash"),
    "a number": ({"magnet_uri": 5}, "A magnet link starts with magnet:?"),
    "a huge text": ({"content_markdown": "x" * 200_000}, "at most 100 kB"),
    "nobody's": ({"publisher_token_hash": "nobody"}, "It names no publisher."),
    "nowhere": ({"category_id": 99}, "It names no category."),
}


@pytest.mark.parametrize(("values", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_is_refused_and_the_others_go_in(old, values, reason):
    old.resource(**values)
    old.resource()

    told = take_in(old.path)

    assert (told["created"], told["refused"]) == (1, 1)
    assert told.lines[0].startswith("resource 1: refused: ")
    assert reason in told.lines[0]


def test_the_nameless_and_placeless_go_where_they_are_told_to(old):
    old.resource(publisher_token_hash="nobody", category_id=99)

    told = take_in(old.path, "--category", "films", "--publisher", "Ada")

    assert (told.error, Resource.objects.get().publisher.display_name) == ("", "Ada")


def test_hashes_are_spelt_in_one_way_and_twins_are_told(old):
    v1 = "0123456789abcdef0123456789abcdef01234567"
    base32 = "aerukz4jvpg66ajdivtytk6n54asgrlh"
    for uri in (f"magnet:?xt=urn:btih:{base32}", f"magnet:?xt=URN:BTIH:{v1.upper()}"):
        old.resource(magnet_uri=uri)

    told = take_in(old.path)

    assert Resource.objects.get().magnet_hash == v1
    assert "resource 2: refused: It is the same torrent as resource 1." in told.lines[0]


def test_a_takedown_is_one_and_its_hash_is_blocked(old):
    v1 = old.resource(takedown_at=AT)
    before = Catalog.get().revision

    take_in(old.path)

    row = Resource.objects.get()
    assert (row.state, row.takedown_at) == (State.TAKEN_DOWN, MOMENT)
    assert Block.objects.get().info_hash == v1
    assert Catalog.get().revision == before + 1  # its category


def test_a_takedown_with_an_odd_date_is_one(old):
    old.resource(takedown_at="sometime")

    take_in(old.path)

    assert Resource.objects.get().state == State.TAKEN_DOWN


def test_an_embargo_stays(old):
    old.resource(published_at="2999-01-01 00:00:00.000000")

    take_in(old.path)

    assert Resource.objects.get().state == State.SCHEDULED


def test_a_members_work_stays_in_its_team(old):
    old.team(1), old.team(2, "Other")
    old.token(MIA, "TeamMember", "Mia", scope_team_id=1)
    old.resource(publisher_token_hash=MIA, team_id=2)
    old.resource(publisher_token_hash=MIA, team_id=None)

    told = take_in(old.path)

    assert {*Resource.objects.values_list("team", flat=True)} == {1}
    assert told["mended"] == 2


# -- file lists


TREE = [
    {"name": "work", "type": "dir", "size_bytes": 9, "children": [
        {"name": "b", "type": "dir", "children": [{"name": "x.bin", "type": "file", "size_bytes": 5}]},
        {"name": ".pad", "type": "dir", "children": [{"name": "7", "type": "file", "size_bytes": 7}]},
        {"name": "a.txt", "type": "file", "size_bytes": 4},
    ]},
]  # fmt: skip


@pytest.fixture
def lists(tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()

    def write(name, **more):
        told = {
            "files_tree": TREE, "total_size_bytes": 16, "file_count": 3, "num_peers": 3,
            "backend": "libtorrent", "fetched_at": "2024-05-06T07:08:09.123456+00:00",
        }  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(told | more))
        return folder

    write.folder = folder  # type: ignore[attr-defined]  # a function may have attributes
    return write


def test_file_lists_come_along_and_spare_the_probe(old, lists):
    lists(old.resource())

    told = take_in(old.path, "--metadata-dir", lists.folder)

    row = Resource.objects.get()
    assert (told.error, row.state, row.probed_at) == ("", State.LIVE, MOMENT)
    assert (row.total_size_bytes, row.file_count, row.num_peers) == (9, 2, 3)
    assert [f.path for f in present(row.probed_metadata).files] == ["work/b/x.bin", "work/a.txt"]
    assert not Resource.objects.due_for_probe().exists()


def test_without_a_list_it_is_probed(old, lists):
    old.resource()

    take_in(old.path, "--metadata-dir", lists.folder)

    assert (Resource.objects.due_for_probe().count(), Resource.objects.get().state) == (
        1,
        State.HELD,
    )


ODD_LISTS = {
    "the mock's": {"backend": "mock"},
    "no tree": {"files_tree": "x"},
    "an empty tree": {"files_tree": []},
    "a negative size": {"files_tree": [{"name": "a", "type": "file", "size_bytes": -1}]},
    "a huge size": {"files_tree": [{"name": "a", "type": "file", "size_bytes": 2**70}]},
}


@pytest.mark.parametrize("odd", ODD_LISTS.values(), ids=ODD_LISTS)
def test_a_list_of_no_use_is_told_and_probed_anew(old, lists, odd):
    lists(old.resource(), **odd)

    told = take_in(old.path, "--metadata-dir", lists.folder)

    assert "Its file list can't be used: it will be probed." in told.lines[0]
    assert Resource.objects.get().probe_status == ProbeStatus.PENDING


@pytest.mark.parametrize("body", [b"", b"[", b"null", b"[" * 100_000, b"\xff"])
def test_a_broken_list_is_probed_anew(old, lists, body):
    v1 = old.resource()
    (lists.folder / f"{v1}.json").write_bytes(body)

    told = take_in(old.path, "--metadata-dir", lists.folder)

    assert (told.error, Resource.objects.get().probe_status) == ("", ProbeStatus.PENDING)


def test_names_in_a_list_are_cleaned(old, lists):
    tree = [{"name": "../..", "type": "dir", "children": [
        {"name": "..", "type": "file", "size_bytes": 1},
        {"name": "a/../b\\c\n", "type": "file", "size_bytes": 1},
        {"name": None, "type": "file", "size_bytes": 1},
    ]}]  # fmt: skip
    lists(old.resource(), files_tree=tree)

    take_in(old.path, "--metadata-dir", lists.folder)

    paths = [f.path for f in present(Resource.objects.get().probed_metadata).files]
    assert paths == [".._../_", ".._../a_.._b_c_", ".._../_ (2)"]


def test_a_hash_that_leads_out_reads_no_file(old, lists, tmp_path):
    old.resource(magnet_hash="../secret")
    (tmp_path / "secret.json").write_text(json.dumps({"files_tree": TREE}))

    take_in(old.path, "--metadata-dir", lists.folder)

    assert Resource.objects.get().probed_at is None


def test_a_list_under_the_base32_name_is_found(old, lists):
    base32 = "aerukz4jvpg66ajdivtytk6n54asgrlh"
    old.resource(magnet_uri=f"magnet:?xt=urn:btih:{base32.upper()}", magnet_hash=base32)
    lists(base32)

    take_in(old.path, "--metadata-dir", lists.folder)

    assert Resource.objects.get().file_count == 2


# -- the file itself


def test_other_databases_and_damaged_ones_are_refused(tmp_path, old):
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE auth (x)").connection.close()
    broken = tmp_path / "broken.db"
    whole = old.path.read_bytes()
    broken.write_bytes(whole[:2000] + b"\x00" * 3000)

    told = [take_in(path) for path in (other, broken)]

    assert "it has no table team" in told[0].error
    assert "The database can't be read" in told[1].error


def test_nothing_is_written_to_it(old):
    old.resource()
    before = old.path.read_bytes()

    take_in(old.path)

    assert old.path.read_bytes() == before


def test_what_a_running_one_has_not_checkpointed_is_read(old):
    old.connection.execute("PRAGMA journal_mode=WAL")
    old.resource()

    told = take_in(old.path)

    assert told["created"] == 1


def test_it_is_known_by_its_content(old, tmp_path):
    old.resource()
    path = tmp_path / "backup.sql"
    path.write_bytes(old.path.read_bytes())

    assert take_in(path)["created"] == 1


def test_who_brought_it_stands_in_the_audit_trail(old):
    old.resource()

    take_in(old.path)

    assert {*AuditEvent.objects.values_list("actor_name", flat=True)} == {"import_catalog"}


def test_few_and_many_cost_the_same_queries(old, django_assert_max_num_queries):
    for _ in range(3):
        old.resource()
    from django.db import connection

    with CaptureQueriesContext(connection) as few:
        take_in(old.path)
    wipe()
    for _ in range(50):
        old.resource()

    with django_assert_max_num_queries(len(few) + 20):
        take_in(old.path)


ODD = (
    b"\xff\x00", 2**62, -(2**62), 1e300, float("inf"), "", "\x00", "x" * 500, "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00", "10000-01-01 00:00:00", "2026-W48", "[[" * 5000, "null", '[1, {}, "a"]',
)  # fmt: skip
COLUMNS = (
    "id", "title", "magnet_uri", "content_markdown", "tags_json", "category_id", "cover_image_url",
    "publisher_token_hash", "team_id", "dht_status", "last_dht_check", "created_at", "published_at", "takedown_at",
)  # fmt: skip


def test_any_value_in_any_column_is_that_rows_alone(old):
    """Each column with each odd value, in one database whose keys take whatever comes."""
    old.connection.executescript(
        "CREATE TABLE odd AS SELECT * FROM resource; DROP TABLE resource; ALTER TABLE odd RENAME TO resource;"
    )
    old.resource(title="Sound")
    for column in COLUMNS:
        for value in ODD:
            old.resource(**{column: value})

    told = take_in(old.path)

    assert told["created"] + told["refused"] == 1 + len(ODD) * len(COLUMNS)
    assert Resource.objects.filter(title="Sound").exists()
    assert "fault of Ghost" not in told.error
    assert not any("can't be taken in" in line for line in told.lines), told.lines


def test_who_was_stale_is_missing_since_it_was_last_looked_for(old):
    old.resource(dht_status="Stale", last_dht_check=AT)

    take_in(old.path)

    row = Resource.objects.get()
    assert (row.seeds_band, row.next_band) == ("0", "0")
    assert (row.missing_since, row.first_missed_at) == (MOMENT, MOMENT)
