"""What was taken down is in no state that is kept, nor in what git keeps."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from builds import tasks
from builds.deploy import tasks as deploy_tasks
from builds.engine import purge, rollback, takedowns
from builds.models import BuildState, Deployment
from builds.tree import releases
from ghost.core.errors import RefusedError
from resources.models import Block, Resource
from tests.builds.catalog import work

pytestmark = pytest.mark.django_db


def kept(row: Resource) -> list[str]:
    """Where the work's folder names it, git's objects too."""
    words = [b"Zqdoomed", row.magnet_hash.encode()]
    root = Path(settings.GHOST.site_workdir)
    found = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    named = [str(path) for path in found if any(word in path.read_bytes() for word in words)]
    objects = git("cat-file", "--batch-all-objects", "--batch")
    return named + [f"git: {word!r}" for word in words if word in objects]


def git(*command: str) -> bytes:
    folder = Path(settings.GHOST.site_workdir) / "deploy" / "git"
    if not folder.is_dir():
        return b""
    done = subprocess.run(["git", f"--git-dir={folder}", *command], capture_output=True, check=True)
    return done.stdout


@pytest.fixture
def site(configure) -> tuple[Resource, Resource]:
    """A work that will be taken down, in a release and a delta; and another that names it."""
    configure(build_debounce_s=0, site_releases_keep=5)
    doomed = work("Zqdoomed")
    other = work("Other", content_markdown=f"See {doomed.magnet_hash}.")
    tasks.build_now("test")
    edit(doomed, "Zqdoomed 2")
    return doomed, other


def edit(row: Resource, title: str) -> None:
    row.title = title
    row.store()
    tasks.build_now("test")


def end(row: Resource) -> None:
    row.alone().take_down(reason="asked", by="test")
    takedowns.take_off_site()
    tasks.build_at_once()


def test_no_kept_state_names_it_and_later_ones_can_be_restored(site, pages_remote):
    doomed, other = site
    tasks.build_now("test", force=True)
    edit(other, "Other 2")
    deploy_tasks.deploy_now()
    end(doomed)
    deploy_tasks.deploy_now()
    assert len(kept(doomed)) > 5
    assert purge.is_due()

    tasks.purge_kept()

    assert kept(doomed) == []
    assert len(releases.complete()) == 1
    assert (purge.is_due(), purge.run()) == (False, 0)
    with pytest.raises(RefusedError):
        rollback.to(None, "test")
    edit(other, "Other 4")
    edit(other, "Other 5")
    tasks.put_back(None, "test")
    assert "Other 4" in (releases.public() / "index.html").read_text()
    tasks.build_now("test")
    deploy_tasks.deploy_now()
    assert Deployment.objects.get().is_current


def test_a_target_that_is_behind_is_waited_for_but_not_for_ever(site, target_folder):
    doomed, _other = site
    end(doomed)
    Deployment.objects.update(token="an earlier one", state=Deployment.State.FAILED)
    assert not purge.is_due()
    assert purge.run() == 0

    Block.objects.update(created_at=timezone.now() - purge.TARGETS_AWAITED - timedelta(minutes=1))
    purge.run()

    assert kept(doomed) == []


def test_nothing_is_purged_before_it_is_off_the_site(site):
    doomed, _other = site
    doomed.alone().take_down(reason="asked", by="test")

    assert not purge.is_due()
    takedowns.take_off_site()
    assert purge.is_due()
    tasks.ask_for_purge()
    tasks.purge_kept()
    assert BuildState.get().purged_revision > 0
    assert kept(doomed) == []


def test_what_was_withdrawn_stays_in_states_that_are_kept(site):
    doomed, _other = site
    doomed.alone().withdraw()
    takedowns.take_off_site()

    assert not purge.is_due()
    assert kept(doomed) != []
