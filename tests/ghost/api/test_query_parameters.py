"""Query parameters that an operation doesn't have."""

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile

from ghost.demo.seeds import Version
from ghost.demo.seeds import make as seeded
from tests import make
from tests.teams.test_policy import operations
from tests.world import WRITES, World, fake_prober, send  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_prober")]


def counts():
    models = [each for each in apps.get_models() if each._meta.managed]
    return {model._meta.label: model._base_manager.count() for model in models}


@pytest.fixture
def admin():
    return make.admin()


def test_every_write_refuses_what_it_does_not_have(client):
    world, said = World(), {}
    wanted = {name: each[0] for name, each in operations().items() if each[0] != "GET"}
    asked = {name: WRITES[name](world) for name in wanted if name in WRITES}
    before = counts()

    for name, method in wanted.items():
        path, body = asked.get(name, (f"resources/{world.row.pk}/cover", None))
        path += ("&" if "?" in path else "?") + "zzz=1"
        if name == "session_verify":
            path = "session/verify?zzz=1"
        response = send(client, method, world.admin, path, body)
        errors = response.json().get("errors") or [{}]
        said[name] = response.status_code, errors[0].get("field")

    assert said == dict.fromkeys(said, (422, "zzz"))
    assert len(said) >= len(WRITES)
    assert counts() == before


def test_a_parameter_that_is_misspelt_is_told_which_one_was_meant(client, admin):
    body = {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk}
    said = {}
    for name in ("dryrun", "dry-run", "DRY_RUN", "waits", "zzz"):
        address = f"/api/resources?{name}=true"
        response = client.post(address, body, "application/json", **make.auth(admin))
        said[name] = response.status_code, response.json()["errors"][0]["message"]

    assert said == {
        "dryrun": (422, "There is no such parameter; did you mean dry_run?"),
        "dry-run": (422, "There is no such parameter; did you mean dry_run?"),
        "DRY_RUN": (422, "There is no such parameter; did you mean dry_run?"),
        "waits": (422, "There is no such parameter; did you mean wait?"),
        "zzz": (422, "There is no such parameter; there are: wait, dry_run."),
    }


def test_a_parameter_is_named_along_with_what_is_wrong_with_the_body(client, admin):
    answer = client.post("/api/teams?foo=1", {}, "application/json", **make.auth(admin))

    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} >= {"foo", "name"}


@pytest.mark.parametrize("value", ["%ff", "a%C3", "%ED%A0%80", "%ff%EF%BF%BD", "\udcff"])
def test_a_parameter_that_is_no_text_is_refused_on_reads_too(client, admin, value):
    raw = value.encode("utf-8", "surrogateescape").decode("latin-1")
    answer = client.generic(
        "GET", "/api/resources", QUERY_STRING=f"q={raw}&utm=%ff", **make.auth(admin)
    )
    good = client.get("/api/resources?q=%EF%BF%BD%C3%A9", **make.auth(admin))

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error == {"field": "q", "message": "must be a text in UTF-8"}
    assert good.status_code == 200


def test_an_address_that_is_none_is_told_with_the_other_faults(client, admin):
    body = {"cover_image_url": "ftp:x", "source_url": "x", "magnet_uri": ""}
    answer = client.post("/api/resources", body, "application/json", **make.auth(admin))

    fields = {each["field"] for each in answer.json()["errors"]}
    assert fields == {"title", "magnet_uri", "category_id", "cover_image_url", "source_url"}


def test_a_number_that_is_out_of_bounds_and_a_method_that_nothing_takes_are_told_plainly(
    client, admin
):
    token = make.auth(admin)
    said = client.get("/api/events?for_s=-1", **token).json()["detail"]
    other = client.delete("/api/teams", **token).json()

    assert said.endswith("must be at least 0")
    assert other["detail"] == "This address takes no DELETE; it takes: GET, HEAD, OPTIONS, POST."


def test_reads_leave_others_parameters_alone(client, admin):
    response = client.get("/api/categories/tree?utm_source=x", **make.auth(admin))

    assert response.status_code == 200


def test_a_dry_run_of_a_torrent_file_keeps_nothing(client, admin, tmp_path):
    torrent = seeded(tmp_path, "work", {"a.csv": b"x" * 20_000}, Version.V1)
    category = make.category()

    def send(query):
        form = {
            "torrent": SimpleUploadedFile("a.torrent", torrent.body),
            "category_id": category.pk,
        }
        return client.post(f"/api/resources/from-torrent{query}", form, **make.auth(admin))

    before = counts()
    tried, then = send("?dry_run=true"), counts()
    kept = send("")
    again = send("?dry_run=true")

    assert (tried.status_code, tried.json()["dry_run"]) == (200, True)
    assert tried.json()["magnet_hash"] == torrent.v1 == kept.json()["magnet_hash"]
    assert then == before
    assert (kept.status_code, again.status_code) == (201, 409)


def test_a_dry_run_of_one_writes_no_row_anywhere(client, admin):
    body = {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk}
    before = counts()

    tried = client.post("/api/resources?dry_run=true", body, "application/json", **make.auth(admin))

    assert (tried.status_code, counts()) == (200, before)
