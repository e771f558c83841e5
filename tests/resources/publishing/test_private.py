"""Private torrents: held until an operator lets them through, and their trackers never kept."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import models

from resources.models import Resource, findings
from resources.states import State
from tests import make, operators
from tests.resources.admin.filled_forms import RESOURCE

pytestmark = pytest.mark.django_db

SECRET = "0f3ad1c9passkey"
TRACKER = f"https://tracker.example/{SECRET}/announce"
INFO = b"d6:lengthi4e4:name5:a.txt12:piece lengthi16384e6:pieces20:" + b"x" * 20 + b"7:privatei1ee"
TORRENT = b"d8:announce%d:%b4:info%be" % (len(TRACKER), TRACKER.encode(), INFO)
LINK = f"magnet:?xt=urn:btih:{hashlib.sha1(INFO).hexdigest()}&tr={TRACKER}"


def found(row: Resource):
    return make.torrent_metadata(row.magnet_hash, info=INFO)


def everything_stored() -> str:
    tables = (model for model in Resource._meta.apps.get_models() if model._meta.managed)
    return json.dumps([list(_values(model)) for model in tables], default=str)


def _values(model: type[models.Model]) -> models.QuerySet:
    return model._default_manager.values()


def upload(client, by, **fields):
    file = SimpleUploadedFile("a.torrent", TORRENT)
    sent = {"torrent": file, "category_id": make.category().pk} | fields
    return client.post("/api/resources/from-torrent", sent, **make.auth(by))


def test_uploaded_private_torrent_is_held_and_its_tracker_is_nowhere(client):
    answer = upload(client, make.publisher())

    shown = answer.json()
    assert (shown["state"], shown["is_private"]) == ("held", True)
    assert "let" in shown["notes"][0]
    assert SECRET not in answer.content.decode() + everything_stored()
    assert not Resource.objects.public().exists()


def test_probe_that_finds_a_torrent_private_holds_it_and_drops_its_trackers():
    row = make.resource(magnet_uri=LINK, is_probed=False)

    findings.record_metadata(row, found(row))

    assert (row.state, Resource.objects.in_state(State.HELD).get()) == (State.HELD, row)
    assert SECRET not in Resource.objects.get().magnet_uri


def test_trail_of_what_a_probe_finds_private_keeps_no_tracker(client):
    more = f"&tr={SECRET}".join(f"&tr=https://t{n}.example/{'x' * 90}" for n in range(22))
    body = {"title": "T", "magnet_uri": LINK + more, "category_id": make.category().pk}
    by = make.publisher()
    client.post("/api/resources", body, "application/json", **make.auth(by))
    row = Resource.objects.get()
    row.magnet_uri = LINK
    row.store()
    assert SECRET in everything_stored()

    findings.record_metadata(row, found(row))

    assert SECRET not in everything_stored()
    assert len(row.magnet_hash) == 40
    assert everything_stored().count(row.magnet_hash) >= 3  # the rest of the trail is there


def test_what_was_published_without_a_probe_leaves_the_public_when_found_private():
    row = make.resource(magnet_uri=LINK, is_probed=False)
    row.alone().skip_probe()
    assert Resource.objects.public().exists()

    findings.record_metadata(row, found(row))

    assert not Resource.objects.public().exists()


@pytest.mark.parametrize("given", ["0e", "1e", "2e", "-1e"])
def test_any_mark_but_nought_makes_it_private(given):
    info = INFO.replace(b"privatei1e", b"privatei" + given.encode())
    row = make.resource(is_probed=False)

    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, info=info))

    assert row.is_private is (given != "0e")


def test_trackers_given_later_are_left_out_with_a_note(client):
    by = make.publisher()
    row = make.resource(publisher=by, magnet_uri=LINK, is_private=True)

    answer = client.patch(
        f"/api/resources/{row.pk}",
        {"magnet_uri": LINK},
        content_type="application/json",
        **make.auth(by),
    )

    assert len(answer.json()["notes"]) == 1
    assert SECRET not in answer.content.decode() + Resource.objects.get().magnet_uri


def test_form_that_was_open_while_a_probe_found_it_brings_no_tracker_back():
    row = make.resource(magnet_uri=LINK, is_probed=False)
    opened = Resource.objects.get()
    findings.record_metadata(row, found(row))

    opened.title = "Edited"
    opened.store()

    now = Resource.objects.get()
    assert (now.title, now.is_private) == ("Edited", True)
    assert SECRET not in now.magnet_uri


def test_another_magnet_is_not_private_until_a_probe_says_so():
    row = make.resource(magnet_uri=LINK, is_private=True, is_let_through=True)

    row.magnet_uri = make.magnet()
    row.store()

    assert (row.is_private, row.is_let_through, row.state) == (False, False, State.HELD)


def test_operator_lets_it_through(client):
    upload(client, make.publisher())
    row, operator = Resource.objects.get(), operators.client("Moderator")
    page = operator.get(operators.form_of(RESOURCE, row.pk)).content.decode()

    operators.act(operator, RESOURCE, "let_through", row)

    assert "marked private" in page
    assert 'value="let_through"' in page
    assert Resource.objects.public().get() == row
    assert SECRET not in Resource.objects.get().magnet_uri


def test_who_may_only_look_lets_nothing_through():
    row = make.resource(magnet_uri=LINK, is_private=True)

    operators.act(operators.client("Viewer"), RESOURCE, "let_through", row)

    assert Resource.objects.held_as_private().get() == row


def test_folder_of_files_brings_private_ones_held(tmp_path):
    make.publisher(name="Bea")
    make.category("Films")
    (tmp_path / "a.torrent").write_bytes(TORRENT)

    call_command("import_catalog", tmp_path, category="films", publisher="Bea")

    row = Resource.objects.get()
    assert (row.state, row.is_private) == (State.HELD, True)
    assert SECRET not in everything_stored()


@pytest.mark.parametrize("is_let_through", [True, False])
def test_export_and_import_keep_it_as_it_is(tmp_path, is_let_through):
    make.resource(magnet_uri=LINK, is_private=True, is_let_through=is_let_through)
    call_command("export_catalog", tmp_path / "a.ndjson")
    Resource.objects.all().delete()

    call_command("import_catalog", tmp_path / "a.ndjson")

    row = Resource.objects.get()
    assert (row.is_private, row.is_let_through) == (True, is_let_through)
    assert SECRET not in (tmp_path / "a.ndjson").read_text()


def test_a_web_seed_with_a_passkey_is_nowhere_either(client):
    seed = f"https://seed.example/?passkey={SECRET}"
    body = b"d4:info%b8:url-list%d:%be" % (INFO, len(seed), seed.encode())
    sent = {"torrent": SimpleUploadedFile("a.torrent", body), "category_id": make.category().pk}

    answer = client.post("/api/resources/from-torrent", sent, **make.auth(make.publisher()))

    assert answer.status_code == 201
    assert SECRET not in answer.content.decode() + everything_stored()


def test_it_stays_private_with_another_half_beside_its_own():
    row = make.resource(magnet_uri=LINK, is_probed=False)
    findings.record_metadata(row, found(row))
    other = f"magnet:?xt=urn:btih:{row.magnet_hash}&xt=urn:btmh:1220{'bb' * 32}"

    for link in (other, LINK):
        row.magnet_uri = link
        row.store()
    row.alone().skip_probe()
    row.refresh_from_db()

    assert (row.is_private, row.state) == (True, State.HELD)
    assert SECRET not in row.magnet_uri + row.published_magnet_uri
