"""The version, as people and programs are shown it."""

import tomllib

import pytest

from ghost.api.root import api
from ghost.core.config.env import BASE_DIR
from ghost.core.config.version import VERSION


def test_version_is_the_projects():
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION


def test_api_says_its_version():
    assert api.get_openapi_schema()["info"]["version"] == VERSION


@pytest.mark.django_db
def test_admin_shows_its_version(admin_client):
    assert VERSION in admin_client.get("/admin/").content.decode()


def test_version_is_told_to_nobody_who_is_not_signed_in(client):
    assert VERSION not in client.get("/admin/login/").content.decode()
