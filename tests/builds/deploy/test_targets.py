"""The targets that the configuration names."""

from __future__ import annotations

import subprocess

import pytest

from tests.builds.deployments import tip

pytestmark = pytest.mark.django_db


def test_the_branch_is_made_as_the_configuration_says(site, pages_remote, configure):
    configure(
        pages_branch="site", pages_cname="catalog.example.org",
        pages_git_user_name="Ada", pages_git_user_email="ada@example.org",
    )  # fmt: skip

    site.deploy()

    def show(what):
        return subprocess.run(
            ["git", "-C", str(pages_remote), "show", "-s", *what], capture_output=True, check=True
        ).stdout.decode()

    assert show(["--format=%an %ae", "site"]) == "Ada ada@example.org\n"
    assert show(["site:CNAME"]) == "catalog.example.org\n"
    assert show(["site:.nojekyll"]) == ""


def test_the_site_repository_is_used_where_no_pages_remote_is_set(site, pages_remote, configure):
    configure(pages_remote_url="", site_repo_url=str(pages_remote))

    assert site.deploy().commit == tip(pages_remote)
