"""No gate takes an address that leads elsewhere than it seems to, and none is published in a text."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from builds.data import markdown
from resources.models import Resource
from resources.torrents import link_addresses
from tests import make, operators
from tests.ghost.core.text.test_addresses import ODD
from tests.resources.catalog_files import CATEGORY, HASH, HEADER, PUBLISHER, RESOURCE
from tests.world import fake_prober  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_prober")]

MISLEADING = [
    "https://archive.org@evil.example/", "https://archive.org\\@evil.example/", "https://archive.org%40evil.example/",
    "javascript:alert(1)", "https://archive.org\u202e/", "https://arch\u200bive.org/",
]  # fmt: skip
FIELDS = ["source_url", "cover_image_url"]


@pytest.mark.parametrize("field", FIELDS)
def test_the_api_refuses_them(client, field):
    token, category, row = make.publisher(), make.category(), make.resource()
    headers = make.auth(token)

    for url in MISLEADING:
        body = {"title": "T", "magnet_uri": make.magnet(), "category_id": category.pk, field: url}
        made = client.post("/api/resources", body, content_type="application/json", **headers)
        changed = client.patch(
            f"/api/resources/{row.pk}", {field: url}, content_type="application/json", **headers
        )
        assert (made.status_code, changed.status_code) == (422, 422), url
        assert made.json()["errors"][0]["field"] == field

    assert Resource.objects.count() == 1


@pytest.mark.parametrize("field", FIELDS)
def test_the_admin_refuses_them(field):
    row, browser = make.resource(), operators.client("Operator")
    url = reverse("admin:resources_resource_change", args=(row.pk,))

    answer = browser.post(url, {field: MISLEADING[0]})

    assert field in answer.context["adminform"].form.errors
    assert "evil" not in str(Resource.objects.values().get())


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("existing", ["skip", "update"])
def test_imports_refuse_them(tmp_path, field, existing):
    path = tmp_path / "a.ndjson"
    if existing == "update":
        make.resource(magnet_uri=make.magnet(HASH))
    wrong = RESOURCE | {field: MISLEADING[0]}
    path.write_text("\n".join(map(json.dumps, (HEADER, PUBLISHER, CATEGORY, wrong))))

    with pytest.raises(CommandError, match="1 was refused"):
        call_command(
            "import_catalog",
            path,
            "--existing",
            existing,
            stdout=io.StringIO(),
            stderr=io.StringIO(),
        )

    assert not Resource.objects.filter(**{f"{field}__contains": "evil"}).exists()


@pytest.mark.parametrize("url", ODD)
def test_a_magnet_keeps_no_tracker_or_web_seed_that_is_one(url):
    schemes = link_addresses.TRACKER_SCHEMES | link_addresses.WEB_SEED_SCHEMES

    read = link_addresses.read([url], schemes)

    assert read.kept == ()
    assert [left_out for left_out, _why in read.left_out] == [part for part in [url] if part]


@pytest.mark.parametrize("url", MISLEADING[:4])
@pytest.mark.parametrize(
    "text", ["[archive]({})", "[archive](<{}>)", "<{}>", "[a]\n\n[a]: {}", "![a]({})"]
)
def test_a_text_has_no_link_that_is_one(url, text):
    html = markdown.render(text.format(url)).html

    assert "href" not in html


def test_an_honest_link_stays():
    assert (
        'href="https://archive.org/@ada"' in markdown.render("[a](https://archive.org/@ada)").html
    )
    assert 'href="mailto:ada@example.org"' in markdown.render("[a](mailto:ada@example.org)").html
