"""Pages that were set aside."""

import pytest
from django.urls import reverse

from builds.models import Listing, Output
from tests import make, operators
from tests.builds.admin.asides import build

pytestmark = pytest.mark.django_db


def test_pages_that_were_set_aside_lead_to_where_they_are_mended(configure):
    configure(site_languages=("en", "zh-hans"))
    browser, row = operators.client("Viewer"), make.resource(title="Odd one")
    category = Listing.objects.create(kind="category", key=str(row.category_id))
    for address, owner, aside in (
        (f"/resources/{row.pk}/", f"entry/{row.pk}", "en,zh-hans"),
        ("/categories/films/", f"page/{category.pk}/1", "zh-hans"),
        ("/tags/mended/", "page/0/1", ""),
    ):
        Output.objects.create(
            address=address,
            owner=owner,
            languages_set_aside=aside,
            is_page=True,
            digest="",
            size_bytes=0,
        )
    told = build(set_aside=[f"/zh-hans/resources/{row.pk}/", "/tags/mended/", "/tags/gone/"])

    form = browser.get(operators.form_of("builds_build", told.pk))
    dashboard = browser.get(reverse("admin:index"))

    resource = operators.form_of("resources_resource", row.pk)
    found = form.context["set_aside"]
    assert [(page.address, page.name, page.url, page.is_mended) for page in found] == [
        (f"/zh-hans/resources/{row.pk}/", "Odd one", resource, False),
        ("/tags/mended/", "", "", True),
        ("/tags/gone/", "", "", True),
    ]
    assert [(page.address, page.url) for page in dashboard.context["set_aside"]] == [
        ("/zh-hans/categories/films/", operators.form_of("resources_category", row.category_id)),
        (f"/resources/{row.pk}/", resource),
        (f"/zh-hans/resources/{row.pk}/", resource),
    ]
