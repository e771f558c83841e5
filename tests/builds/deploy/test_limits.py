"""How much a host takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from builds import deploy
from builds.deploy import limits
from builds.deploy.target import Site
from builds.models import BuildState, Deployment
from builds.tree.patches import TreeChanges
from ghost.core.errors import RefusedError
from tests.builds.deployments import write
from tests.results import said

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("host", "most_files", "most_bytes", "expected"),
    [
        ("none", None, None, (0, 0, 0)),
        ("none", 5, 6, (5, 6, 0)),
        ("github-pages", None, None, (0, 1_000_000_000, 104_857_600)),
        ("github-pages", 7, 0, (7, 0, 104_857_600)),
        ("gitlab-pages", None, None, (100_000, 1_000_000_000, 0)),
        ("cloudflare-pages", None, None, (20_000, 0, 26_214_400)),
        ("cloudflare-pages-paid", 0, None, (0, 0, 26_214_400)),
    ],
)
def test_limits_are_those_of_the_host_but_for_what_is_said(
    configure, host, most_files, most_bytes, expected
):
    configure(site_limits=host, site_max_files=most_files, site_max_bytes=most_bytes)

    found = limits.in_force()

    assert (found.files, found.bytes, found.file_bytes) == expected


def test_every_host_that_can_be_named_has_limits():
    from typing import get_args

    from ghost.core.config.env import Env

    assert set(get_args(Env.model_fields["site_limits"].annotation)) == set(limits.HOSTS)


@pytest.mark.parametrize(
    ("setting", "size", "told"),
    [
        ({"site_max_files": 100}, None, "has 101 files, its host takes 100"),
        ({"site_max_files": 100}, (5000, 1), "has 5,000 files, its host takes 100"),
        ({"site_max_bytes": 600}, None, "has 694 bytes, its host takes 600"),
        ({"site_max_bytes": 600}, (1, 7000), "has 7,000 bytes, its host takes 600"),
    ],
)
def test_a_site_that_is_too_large_is_not_deployed(
    site, target_folder, configure, setting, size, told
):
    configure(**setting)

    outcome = site.deploy(size=size)

    assert told in said(outcome.plain())
    assert "GHOST_SITE_LIMITS" in said(outcome.plain())
    assert not target_folder.exists()
    assert Deployment.objects.get().state == "failed"


def test_counts_that_are_known_are_not_counted_again(site, configure):
    configure(site_max_files=100)

    limits.check(limits.in_force(), Site(Path("nowhere")), (100, 1))

    with pytest.raises(RefusedError):
        limits.check(limits.in_force(), Site(site.folder))


@pytest.mark.parametrize("is_known", [True, False])
def test_a_file_that_the_host_does_not_take_stops_the_deployment(site, is_known):
    write(site.folder, {"big.bin": b"x" * 2000})
    changes = TreeChanges({"big.bin"}, set()) if is_known else None

    with pytest.raises(RefusedError, match=r"big.bin has 2,000 bytes, the host takes 1,000"):
        limits.check(limits.Limits(file_bytes=1000), Site(site.folder, changes))


def test_sizes_are_taken_from_the_build_where_it_knows_them(published, target_folder, configure):
    configure(site_max_files=1000)
    BuildState.get()
    BuildState.objects.update(token="f" * 32, files=5000, bytes=1)

    assert "has 5,000 files" in said(deploy.deploy_published().plain())
    BuildState.objects.update(token="another")
    assert deploy.deploy_published(is_asked=True).is_ok
