"""Forms as an operator fills them in."""

from django.urls import reverse

from tests import make

RESOURCE, CATEGORY, BLOCK = "resources_resource", "resources_category", "resources_block"


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
