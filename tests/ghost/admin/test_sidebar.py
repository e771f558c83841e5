"""The sidebar calls things as the pages do."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from ghost.admin import sidebar

pytestmark = pytest.mark.django_db


def test_the_sidebar_and_the_breadcrumbs_call_an_app_the_same(rf):
    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("root")
    groups_of = {
        item["link"].split("/")[2]: str(group["title"])
        for group in sidebar.sidebar(request)
        for item in group["items"]
        if group["title"]
    }

    assert groups_of == {name: str(apps.get_app_config(name).verbose_name) for name in groups_of}
