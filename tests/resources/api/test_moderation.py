"""Taking down and restoring by the API, and what the public site is told of it."""

import pytest

from resources.models import Block, Resource, findings
from tests import make
from tests.resources.api.bodies import body, revision

pytestmark = pytest.mark.django_db

V1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"
HYBRID = f"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}"


def test_takedown_blocks_and_restore_unblocks(call):
    row, admin = make.resource(magnet_uri=HYBRID), make.admin(name="Root")

    down = call(admin, "post", f"/resources/{row.pk}/takedown", {"reason": "by law"})
    blocked = sorted(Block.objects.values_list("info_hash", "reason", "created_by"))
    back = call(admin, "post", f"/resources/{row.pk}/restore")

    assert (down.status_code, down.json()["state"]) == (200, "taken_down")
    assert down.json()["takedown_reason"] == "by law"
    assert blocked == [(V1, "by law", "Root"), (V2, "by law", "Root")]
    assert (back.status_code, back.json()["state"]) == (200, "live")
    assert (back.json()["takedown_reason"], Block.objects.count()) == ("", 0)


def test_taken_down_resource_is_changed_by_admins_alone(call):
    owner = make.publisher()
    row = make.resource(publisher=owner)
    row.take_down(reason="x", by="x")
    path = f"/resources/{row.pk}"

    statuses = [
        call(owner, "get", path).status_code,
        call(owner, "put", path, {"title": "x"}).status_code,
        call(owner, "post", f"{path}/probe").status_code,
        call(make.admin(), "put", path, {"title": "x"}).status_code,
    ]

    assert statuses == [200, 403, 403, 200]


def test_probe_of_a_taken_down_one_is_refused(call, prober):
    row = make.resource()
    row.take_down(reason="x", by="x")

    response = call(make.admin(), "post", f"/resources/{row.pk}/probe")

    assert (response.status_code, prober.queued) == (409, [])


def test_takedown_needs_a_reason(call):
    row = make.resource()

    response = call(make.admin(), "post", f"/resources/{row.pk}/takedown", {"reason": ""})

    assert (response.status_code, Resource.objects.get().takedown_at) == (422, None)


@pytest.mark.parametrize(("first", "second"), [("v1", "v2"), ("v2", "v1")])
def test_takedown_covers_the_half_that_only_the_probe_knows(call, first, second):
    links = {"v1": make.magnet(V1), "v2": f"magnet:?xt=urn:btmh:1220{V2}"}
    row = make.resource(magnet_uri=links[first], is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, v1=V1, v2=V2))
    eve, admin = make.publisher(name="Eve"), make.admin()

    listed = call(eve, "post", "/resources", body(magnet_uri=links[second]))
    call(admin, "post", f"/resources/{row.pk}/takedown", {"reason": "x"})
    blocked = call(eve, "post", "/resources", body(magnet_uri=links[second]))
    call(admin, "post", f"/resources/{row.pk}/restore")

    kinds = [answer.json()["type"].rpartition(":")[2] for answer in (listed, blocked)]
    assert (kinds, listed.json().get("resource_id")) == (
        ["duplicate", "blocked"],
        None,
    )
    assert (Block.objects.count(), Resource.objects.get().state) == (0, "live")


def test_what_is_not_public_moves_nothing(call):
    row = make.resource(published_at=None)
    admin, before = make.admin(), revision()

    call(admin, "put", f"/resources/{row.pk}", {"title": "Other"})
    call(admin, "post", f"/resources/{row.pk}/probe")
    call(admin, "post", "/resources", body(category_id=row.category_id))

    assert revision() == before


def test_takedown_of_what_is_not_public_any_more_moves_it_once(call):
    """A withdrawal may not be on the site yet: whatever stands there has to go."""
    row = make.resource(published_at=None)
    admin, before = make.admin(), revision()

    call(admin, "post", f"/resources/{row.pk}/takedown", {"reason": "x"})
    call(admin, "post", f"/resources/{row.pk}/restore")

    assert revision() == before + 1


def test_what_is_public_moves_it_each_time(call):
    row, admin = make.resource(), make.admin()
    moves = []

    for action, sent in [("takedown", {"reason": "x"}), ("restore", None), ("probe", None)]:
        before = revision()
        call(admin, "post", f"/resources/{row.pk}/{action}", sent)
        call(admin, "post", f"/resources/{row.pk}/{action}", sent)
        moves.append(revision() - before)

    assert moves == [1, 1, 0]
