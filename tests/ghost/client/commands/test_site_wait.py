"""`--wait-public`: the command ends when readers see the page."""

import json

import pytest

from ghost.client import Ghost, RefusedError, event_stream
from ghost.core.catalog.models import Catalog
from ghost.core.heartbeats import workers
from ghost.core.text.reasons import words
from resources.models import Resource, findings, site_versions
from resources.states import ProbeStatus
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_stream(monkeypatch):
    """Events are for the server's own tests: here the client looks again and again."""

    def refuse(*_args, **_kwargs):
        raise RefusedError(429, {"detail": "Too many event streams are open; try again later."})

    monkeypatch.setattr(event_stream.EventStream, "connect", refuse)
    monkeypatch.setattr(event_stream, "POLL_S", 0.05)


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(do)`: after the client's first look at the resource, `do(row)`."""

    def start(do):
        read, looks = Ghost.read, []

        def look(self, resource_id):
            looks.append(resource_id)
            if len(looks) == 2:
                do(Resource.objects.get(pk=resource_id))
            return read(self, resource_id)

        monkeypatch.setattr(Ghost, "read", look)

    return start


def be_built(row):
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))
    row.refresh_from_db()
    site_versions.note_on_site(
        [row.pk], revision=Catalog.get().revision, as_of=row.became_public_at
    )


def test_publish_waits_for_the_page_and_prints_its_address(ghost, category, meanwhile, configure):
    configure(public_baseurl="https://site.example/")
    meanwhile(be_built)

    status, out, err = ghost(
        "publish", make.magnet(), "--title", "Bunny", "--category", "films", "--wait-public",
        "--timeout", "30",
    )  # fmt: skip

    row = Resource.objects.get()
    assert (status, out) == (0, f"https://site.example/resources/{row.pk}/\n")
    assert "Its probe is under way." in err


def test_publish_ends_when_it_will_not_be_public_by_itself(ghost, category, meanwhile):
    meanwhile(lambda row: findings.record_probe_miss(row, ProbeStatus.INACTIVE, words("No peers.")))

    status, _out, err = ghost(
        "publish", make.magnet(), "--title", "Bunny", "--category", "films", "--wait-public",
        "--timeout", "30",
    )  # fmt: skip

    assert (status, "“inactive”, so it is not public yet. No peers." in err) == (1, True)


def test_publish_now_gives_up_in_time(ghost, token):
    row = make.resource(publisher=token, published_at=None)

    status, out, err = ghost("publish-now", row.pk, "--wait-public", "--timeout", "0.2")

    assert (status, out) == (3, "")
    assert f"after 0.2 s: ghost status {row.pk} --follow" in err


def test_a_draft_is_not_waited_for(ghost, category):
    magnet = make.magnet()

    status, _out, err = ghost(
        "publish", magnet, "--title", "x", "--category", "films", "--draft", "--wait-public"
    )  # fmt: skip

    assert (status, Resource.objects.count(), "--draft" in err) == (2, 0, True)


def test_notes_are_printed_beside_the_result(ghost, category):
    workers.look.suppose(is_alive=False, for_s=60)

    status, out, err = ghost(
        "publish", make.magnet(), "--title", "x", "--category", "films", "--json"
    )  # fmt: skip

    assert (status, json.loads(out)["notes"]) == (0, [str(workers.PROBE_WAITS())])
    assert str(workers.PROBE_WAITS()) in err
