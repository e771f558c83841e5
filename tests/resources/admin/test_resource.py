from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from resources.models import Block, Category, Resource, findings
from resources.states import State
from resources.torrents import metadata
from tests import make, operators
from tests.presence import present
from tests.resources.prober import FakeProber

pytestmark = pytest.mark.django_db

RESOURCE, CATEGORY, BLOCK = "resources_resource", "resources_category", "resources_block"


@pytest.fixture
def prober(settings, monkeypatch) -> type[FakeProber]:
    settings.PROBER = "tests.resources.prober.FakeProber"
    monkeypatch.setattr(FakeProber, "queued", [])
    return FakeProber


@pytest.fixture
def operator():
    return operators.client("Operator")


def typed(**changes) -> dict[str, object]:
    """What a filled-in form sends."""
    category, publisher = make.category(), make.publisher()
    return {
        "title": "Debian 13",
        "magnet_uri": make.magnet(),
        "category": category.pk,
        "tags": "",
        "content_markdown": "",
        "publisher": publisher.pk,
        "team": "",
        "published_at_0": "2026-01-02",
        "published_at_1": "03:04",
        "cover_image_url": "",
    } | changes


def add(browser, model=RESOURCE, **fields):
    return browser.post(reverse(f"admin:{model}_add"), fields)


def errors(response) -> dict[str, list[str]]:
    return response.context["adminform"].form.errors


# -- the form


def test_a_resource_is_added_through_the_gate_and_its_probe_queued(
    operator, prober, django_capture_on_commit_callbacks
):
    fields = typed(tags='linux, "a, b"， 古籍', title="  Debian   13 ")
    before = Catalog.get().revision

    with django_capture_on_commit_callbacks(execute=True):
        answer = add(operator, **fields)

    row = Resource.objects.get()
    assert answer.status_code == 302
    assert (row.title, row.tags) == ("Debian 13", ["linux", "a, b", "古籍"])
    assert list(row.tag_index.values_list("name", flat=True)) == row.tags
    assert prober.queued == [row.pk]
    assert Catalog.get().revision == before  # nothing is public before its probe


def test_saving_without_a_change_of_the_magnet_asks_for_no_probe_and_keeps_the_tags(
    operator, prober, django_capture_on_commit_callbacks
):
    row = make.resource(tags=["a, b", "c"], title="Old")
    page = operator.get(operators.form_of(RESOURCE, row.pk))
    shown = page.context["adminform"].form["tags"].value()
    before = Catalog.get().revision

    with django_capture_on_commit_callbacks(execute=True):
        operator.post(
            operators.form_of(RESOURCE, row.pk),
            typed(
                title="New", magnet_uri=row.magnet_uri, tags=shown,
                category=row.category_id, publisher=row.publisher_id,
            ),
        )  # fmt: skip

    row.refresh_from_db()
    assert (row.title, row.tags, row.probe_status) == ("New", ["a, b", "c"], "ok")
    assert prober.queued == []
    assert Catalog.get().revision > before


def test_where_nothing_can_be_probed_nothing_is_written(operator, prober, monkeypatch):
    row = make.resource(title="Old")
    monkeypatch.setattr(prober, "is_able", False)
    fields = typed(title="New")

    added = add(operator, **fields)
    changed = operator.post(operators.form_of(RESOURCE, row.pk), fields)

    kept = Resource.objects.get()
    assert [errors(answer) for answer in (added, changed)] == [
        {"__all__": ["libtorrent can't be loaded."]}
    ] * 2
    assert [a.context["adminform"].form["title"].value() for a in (added, changed)] == ["New"] * 2
    assert (kept.title, kept.magnet_hash) == ("Old", row.magnet_hash)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("magnet_uri", "magnet:?dn=x", "no BitTorrent hash"),
        ("tags", "x" * 61, "60"),
        ("tags", ",".join(str(n) for n in range(31)), "30"),
        ("cover_image_url", "ftp://example.org/x.png", "valid URL"),
        ("title", " ", "required"),
        ("category", "999", "valid choice"),
    ],
)
def test_what_the_gate_refuses_is_said_at_its_field(operator, prober, field, value, told):
    answer = add(operator, **typed(**{field: value}))

    assert list(errors(answer)) == [field]
    assert told in " ".join(errors(answer)[field])
    assert Resource.objects.count() == 0


def test_a_twin_in_another_spelling_is_said_at_the_magnet(operator, prober):
    v1 = make.info_hash()
    make.resource(magnet_uri=make.magnet(v1))

    answer = add(operator, **typed(magnet_uri=make.magnet(v1.upper())))

    assert errors(answer) == {"magnet_uri": ["This torrent is listed already."]}


def test_a_twin_that_came_between_check_and_write_is_said_in_the_form(
    operator, prober, monkeypatch
):
    """Somebody else saves the same torrent after the form was found valid."""
    fields = typed()
    real = Resource.store

    def late(self):
        monkeypatch.setattr(Resource, "store", real)
        make.resource(magnet_uri=fields["magnet_uri"])
        return self.store()

    monkeypatch.setattr(Resource, "store", late)

    answer = add(operator, **fields)

    assert errors(answer) == {"__all__": ["Resource with this Info-hash already exists."]}
    assert answer.context["adminform"].form["title"].value() == "Debian 13"


def test_a_public_resource_is_not_deleted_and_another_one_is_with_its_metadata(
    operator, django_capture_on_commit_callbacks
):
    public, draft = make.resource(), make.resource(published_at=None)
    metadata.save(make.torrent_metadata(draft.magnet_hash))

    refused = operator.post(
        reverse("admin:resources_resource_delete", args=(public.pk,)), {"post": "yes"}
    )
    with django_capture_on_commit_callbacks(execute=True):
        done = operator.post(
            reverse("admin:resources_resource_delete", args=(draft.pk,)), {"post": "yes"}
        )

    assert (refused.status_code, done.status_code) == (403, 302)
    assert list(Resource.objects.all()) == [public]
    assert metadata.load(draft.magnet_hash) is None


def test_hostile_words_are_shown_as_words(operator):
    evil = "<script>alert(1)</script>"
    row = make.resource(title=evil, tags=[evil], content_markdown=evil, is_probed=False)
    findings.record_metadata(
        row,
        make.torrent_metadata(
            row.magnet_hash, files=(metadata.File(f"{evil}/{evil}", 1), metadata.File("b", 2))
        ),
    )
    row.take_down(reason=evil, by="x")

    pages = [
        operator.get(operators.list_of(RESOURCE)).content,
        operator.get(operators.form_of(RESOURCE, row.pk)).content,
        operators.act(operator, RESOURCE, "take_down", row).content,
        operator.get("/admin/").content,
    ]

    assert [b"<script>alert" in page for page in pages] == [False] * 4


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_saving_a_form_as_it_is_changes_nothing_public(operator, prober, language):
    row = make.resource(tags=["one"], published_at=timezone.now())
    operator.cookies["django_language"] = language
    form = operator.get(operators.form_of(RESOURCE, row.pk)).context["adminform"].form
    fields = {name: form[name].value() or "" for name in form.fields} | {
        "published_at_0": present(row.published_at).strftime("%Y-%m-%d"),
        "published_at_1": present(row.published_at).strftime("%H:%M:%S"),
        "tags": "one",
    }
    before = Catalog.get().revision

    answer = operator.post(operators.form_of(RESOURCE, row.pk), fields)

    assert answer.status_code == 302
    assert Resource.objects.get().published_at == row.published_at
    assert Catalog.get().revision == before


# -- the list


@pytest.mark.parametrize("state", State)
def test_the_list_is_narrowed_by_state_in_the_words_of_the_api(operator, state):
    make.resource(title="live")
    make.resource(title="held", is_probed=False)
    make.resource(title="scheduled", published_at=timezone.now() + timedelta(days=1))
    make.resource(title="draft", published_at=None)
    make.resource(title="review", awaits_review=True)
    make.resource(title="taken_down").take_down(reason="x", by="x")

    page = operator.get(operators.list_of(RESOURCE), {"state": state.value})

    [row] = page.context["cl"].result_list
    assert (row.title, row.state) == (state.value, state)
    assert str(state.label) in page.content.decode()


def test_an_unknown_state_narrows_nothing(operator):
    make.resource()

    page = operator.get(operators.list_of(RESOURCE), {"state": "waiting"})

    assert len(page.context["cl"].result_list) == 1


def test_the_list_is_narrowed_by_a_category_with_what_lies_below(operator):
    top = make.category("Top")
    below = make.category("Below", parent=top)
    make.category("Later")
    make.resource(title="in top", category=top)
    make.resource(title="in below", category=below)
    make.resource(title="elsewhere", category=Category.objects.get(name="Later"))

    page = operator.get(operators.list_of(RESOURCE), {"category": top.pk})
    nonsense = operator.get(operators.list_of(RESOURCE), {"category": "x"})

    assert [row.title for row in page.context["cl"].result_list] == ["in below", "in top"]
    assert len(nonsense.context["cl"].result_list) == 3


@pytest.mark.parametrize("by", ["title", "tag", "start of hash", "HASH", "magnet"])
def test_a_resource_is_found(operator, by):
    row = make.resource(title="Debian 13", tags=["Free software"])
    make.resource(title="Another")
    term = {
        "title": "ebian",
        "tag": "free soft",
        "start of hash": row.magnet_hash[:8],
        "HASH": row.magnet_hash.upper(),
        "magnet": row.magnet_uri + "&dn=other",
    }[by]

    page = operator.get(operators.list_of(RESOURCE), {"q": term})

    assert list(page.context["cl"].result_list) == [row]


# -- actions


def test_taking_down_asks_for_a_reason_first(operator):
    row = make.resource(title="To go")

    page = operators.act(operator, RESOURCE, "take_down", row)
    empty = operators.act(operator, RESOURCE, "take_down", row, reason="  ")

    row.refresh_from_db()
    assert b"To go" in page.content
    assert b'name="reason"' in page.content
    assert empty.context["form"].errors == {"reason": ["This field is required."]}
    assert row.takedown_at is None


def test_taking_down_with_a_reason_hides_and_blocks(operator):
    row, other = make.resource(), make.resource()
    before = Catalog.get().revision

    answer = operators.act(operator, RESOURCE, "take_down", row, reason="asked to")

    row.refresh_from_db()
    other.refresh_from_db()
    block = Block.objects.get()
    assert answer.url == operators.list_of(RESOURCE)
    assert (row.takedown_reason, other.takedown_at) == ("asked to", None)
    assert (block.info_hash, block.reason, block.created_by) == (
        row.magnet_hash, "asked to", "operator",
    )  # fmt: skip
    assert Catalog.get().revision == before + 1


def test_taking_down_all_that_a_search_finds(operator):
    for number in range(3):
        make.resource(title=f"bad {number}")
    good = make.resource(title="good")
    url = operators.list_of(RESOURCE) + "?q=bad"
    first = Resource.objects.filter(title="bad 0").get()
    chosen = {"action": "take_down", "select_across": "1", "_selected_action": [first.pk]}

    page = operator.post(url, chosen)
    operator.post(url, chosen | {"reason": "all of them"})

    assert page.context["count"] == 3
    assert list(Resource.objects.standing()) == [good]


def test_an_action_of_a_form_leads_back_to_it_and_nowhere_else(operator):
    row = make.resource()
    form = operators.form_of(RESOURCE, row.pk)

    ours = operators.act(operator, RESOURCE, "publish_unprobed", row, next=form)
    theirs = operators.act(
        operator, RESOURCE, "publish_unprobed", row, next="https://evil.example/"
    )

    assert (ours.url, theirs.url) == (form, operators.list_of(RESOURCE))


def test_restoring_brings_it_back_and_frees_the_hash(operator):
    row = make.resource()
    row.take_down(reason="x", by="x")

    answer = operators.act(operator, RESOURCE, "restore", row)

    row.refresh_from_db()
    assert (row.takedown_at, Block.objects.count()) == (None, 0)
    assert operators.told(answer) == ["1 resource restored."]


def test_probing_again_queues_one_task_for_all(
    operator, prober, django_capture_on_commit_callbacks
):
    rows = [make.resource(), make.resource()]

    with django_capture_on_commit_callbacks(execute=True):
        answer = operators.act(operator, RESOURCE, "probe_again", *rows)

    assert operators.told(answer) == ["2 probes queued."]
    assert Resource.objects.due_for_probe().count() == 2
    assert len(prober.queued) == 1


def test_probing_without_libtorrent_says_so_and_changes_nothing(operator, prober, monkeypatch):
    monkeypatch.setattr(prober, "is_able", False)
    row = make.resource()

    answer = operators.act(operator, RESOURCE, "probe_again", row)

    row.refresh_from_db()
    assert operators.told(answer) == ["libtorrent can't be loaded."]
    assert row.probe_status == "ok"


def test_publishing_without_a_probe_is_for_the_unprobed(operator):
    row, probed = make.resource(is_probed=False), make.resource()

    answer = operators.act(operator, RESOURCE, "publish_unprobed", row, probed)

    row.refresh_from_db()
    probed.refresh_from_db()
    assert (row.probe_status, row.is_public, probed.probe_status) == ("skipped", True, "ok")
    assert operators.told(answer) == ["1 resource no longer needs a probe."]
    assert LogEntry.objects.get().object_id == str(row.pk)


def test_every_one_of_very_many_is_noted_in_its_history(operator):
    make.resource(is_probed=False)
    publisher, category = make.publisher(), Category.objects.get()
    Resource.objects.bulk_create(
        Resource(
            title=f"{n}", magnet_uri=make.magnet(v1), magnet_hash=v1,
            publisher=publisher, category=category,
        )
        for n, v1 in enumerate(make.info_hash() for _ in range(1200))
    )  # fmt: skip
    chosen = {"action": "publish_unprobed", "select_across": "1", "_selected_action": ["1"]}

    with CaptureQueriesContext(connection) as queries:
        operator.post(operators.list_of(RESOURCE), chosen)

    assert LogEntry.objects.count() == Resource.objects.public().count() == 1201
    assert len(queries) < 80


@pytest.mark.parametrize("action", ["take_down", "restore", "probe_again", "publish_unprobed"])
def test_no_action_runs_on_get_or_for_a_viewer(action, prober):
    row = make.resource(is_probed=False)
    down = make.resource()
    down.take_down(reason="x", by="x")
    before = list(Resource.objects.values())
    fields = {"action": action, "_selected_action": [row.pk, down.pk], "reason": "y"}

    operators.client("Operator").get(operators.list_of(RESOURCE), fields)
    operators.client("Viewer").post(operators.list_of(RESOURCE), fields)

    assert list(Resource.objects.values()) == before
    assert prober.queued == []


@pytest.mark.parametrize("action", ["take_down", "restore"])
def test_actions_need_the_csrf_token(action):
    browser = operators.client("Operator")
    browser.handler.enforce_csrf_checks = True
    row = make.resource()

    answer = operators.act(browser, RESOURCE, action, row, reason="x")

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("site", "shown"),
    [
        ({"deploy_mode": "local", "public_baseurl": "/"}, ""),
        ({"deploy_mode": "local", "public_baseurl": "https://x.example/"}, "https://x.example/"),
    ],
)
def test_the_public_page_is_linked_where_it_is_known(operator, configure, site, shown):
    row = make.resource()
    configure(**site)

    page = operator.get(operators.form_of(RESOURCE, row.pk))

    assert page.context["public_url"] == (shown and f"{shown}resources/{row.pk}/")
    assert ("Public page" in page.content.decode()) is bool(shown)


def test_a_new_resource_is_asked_for_no_more_than_can_be_typed(operator):
    page = operator.get(reverse("admin:resources_resource_add"))

    assert [s.name for s in page.context["adminform"]] == [
        None, "Publishing", "Provenance",
    ]  # fmt: skip


def test_the_buttons_fit_the_row(operator):
    row = make.resource(is_probed=False)
    page = operators.form_of(RESOURCE, row.pk)

    waiting = [b["action"] for b in operator.get(page).context["buttons"]]
    row.take_down(reason="x", by="x")
    down = [b["action"] for b in operator.get(page).context["buttons"]]
    viewer = operators.client("Viewer").get(page).context["buttons"]

    assert waiting == ["probe_again", "check_health", "publish_unprobed", "take_down"]
    assert down == ["restore"]
    assert viewer == []


def test_who_may_only_look_sees_tags_and_text_as_words():
    row = make.resource(tags=["a", "b"], content_markdown="one\n\n*two*")

    page = operators.client("Viewer").get(operators.form_of(RESOURCE, row.pk)).content.decode()

    assert "a, b" in page
    assert '<div class="ghost-typed">one\n\n*two*</div>' in page


# -- categories


def test_categories_stand_in_tree_order(operator):
    a, b = make.category("A"), make.category("B")
    make.category("Z below A", parent=a)
    make.category("below B", parent=b)

    page = operator.get(operators.list_of(CATEGORY))

    shown = [(row.name, row.place.depth) for row in page.context["cl"].result_list]
    assert shown == [("A", 0), ("Z below A", 1), ("B", 0), ("below B", 1)]


def test_a_category_is_stored_with_slug_root_and_revision(operator):
    top = make.category("Top")
    before = Catalog.get().revision

    add(operator, CATEGORY, name="C++ & Co", parent=top.pk, slug="", sort_order=0)

    row = Category.objects.get(name="C++ & Co")
    assert (row.slug, row.root) == ("c-plus-plus-and-co", top)
    assert Catalog.get().revision == before + 1


@pytest.mark.parametrize("case", ["below itself", "slug taken", "slug taken at the root"])
def test_what_a_tree_refuses_is_said_in_the_form(operator, case):
    top = make.category("Top")
    below = make.category("Below", parent=top)
    cases: dict[str, tuple[Category, dict[str, Any]]] = {
        "below itself": (top, {"name": "Top", "parent": below.pk}),
        "slug taken": (make.category("X", parent=top), {"name": "Below", "parent": top.pk}),
        "slug taken at the root": (below, {"name": "Top", "parent": ""}),
    }
    row, fields = cases[case]

    answer = operator.post(
        operators.form_of(CATEGORY, row.pk), {"slug": "", "sort_order": 0} | fields
    )

    assert answer.status_code == 200
    assert len(errors(answer)) == 1


def test_only_an_empty_category_is_deleted(operator):
    top = make.category("Top")
    below = make.category("Below", parent=top)
    make.resource(category=below)
    empty = make.category("Empty")

    def delete(row):
        url = reverse("admin:resources_category_delete", args=(row.pk,))
        return operator.get(url), operator.post(url, {"post": "yes"})

    shown, _ = delete(top)
    delete(below)
    delete(empty)

    assert shown.context["protected"] == ["Category: Below"]
    assert list(Category.objects.values_list("name", flat=True)) == ["Below", "Top"]


# -- the blocklist


@pytest.mark.parametrize("spelling", ["hex", "HEX", "base32", "v2", "multihash"])
def test_a_hash_is_blocked_in_any_spelling(operator, spelling):
    import base64

    v1, v2 = make.info_hash(), "ab" * 32
    text, stored = {
        "hex": (v1, v1),
        "HEX": (f" {v1.upper()} ", v1),
        "base32": (base64.b32encode(bytes.fromhex(v1)).decode(), v1),
        "v2": (v2, v2),
        "multihash": (f"1220{v2}", v2),
    }[spelling]

    add(operator, BLOCK, info_hash=text, reason="why")

    row = Block.objects.get()
    assert (row.info_hash, row.reason, row.created_by) == (stored, "why", "operator")


def test_a_hash_that_is_none_or_blocked_already_is_said_at_the_field(operator):
    blocked = make.info_hash()
    Block.objects.create(info_hash=blocked)

    nonsense = add(operator, BLOCK, info_hash="xyz", reason="")
    again = add(operator, BLOCK, info_hash=blocked.upper(), reason="")

    assert (list(errors(nonsense)), list(errors(again))) == (["info_hash"], ["info_hash"])


def test_blocking_what_is_listed_says_that_it_stays_public(operator):
    row = make.resource(title="Listed")

    answer = add(operator, BLOCK, info_hash=row.magnet_hash, reason="")

    assert "“Listed” has this hash and stays public until it is taken down." in operators.told(
        answer
    )


def test_a_hybrid_is_found_and_warned_of_by_the_half_that_its_probe_showed(operator):
    row, other = make.resource(title="Hybrid"), "ab" * 32
    Resource.objects.filter(pk=row.pk).update(other_hash=other)

    found = operator.get(operators.list_of(RESOURCE), {"q": other})
    answer = add(operator, BLOCK, info_hash=other, reason="")

    assert [r.pk for r in found.context["cl"].result_list] == [row.pk]
    assert any("“Hybrid” has this hash" in words for words in operators.told(answer))


def test_a_half_whose_twin_is_listed_is_not_offered_without_a_probe(operator):
    row, waiting = (make.resource(is_probed=False) for _ in range(2))
    Resource.objects.filter(pk=row.pk).update(other_hash="ab" * 32)

    pages = [operator.get(operators.form_of(RESOURCE, r.pk)).text for r in (row, waiting)]

    assert ["publish_unprobed" in page for page in pages] == [False, True]
