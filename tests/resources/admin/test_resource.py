"""A resource's form in the operators' interface: added through the gate, changed, found, deleted."""

import pytest
from django.urls import reverse
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from resources.models import Resource
from resources.torrents import metadata
from tests import make, operators
from tests.presence import present
from tests.resources.admin.filled_forms import RESOURCE, add, errors, typed

pytestmark = pytest.mark.django_db


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
