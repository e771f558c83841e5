from __future__ import annotations

import io
import json
from contextlib import redirect_stderr

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django_q.models import OrmQ

from builds import hugo, release
from builds.models import Build, BuildState
from tests import make

pytestmark = pytest.mark.django_db


def build_site(**options) -> tuple[dict, list[str]]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stderr(err):
        call_command("build_site", stdout=out, stderr=err, **options)
    return json.loads(out.getvalue().splitlines()[-1]), err.getvalue().splitlines()


def test_build_site_ends_with_what_it_did(settings):
    make.resource()

    told, progress = build_site()

    assert (told["result"], told["resources"]) == ("done", 1)
    assert list(told["stages"]) == ["covers", "export", "hugo", "check", "publish"]
    assert told["pages"] == len(list((settings.GHOST.site_workdir / "public").rglob("*.html")))
    assert [line.split()[:2] for line in progress] == [[name, "ok"] for name in told["stages"]]


def test_build_site_again_says_unchanged_and_forced_does_it_again():
    build_site()

    assert build_site()[0]["result"] == "unchanged"
    assert build_site(force=True)[0]["result"] == "done"


def test_build_site_while_somebody_else_builds_is_an_error():
    Build.objects.claim("somebody else")

    with pytest.raises(CommandError, match=r"^Somebody else is building just now"):
        build_site()


def test_build_site_that_fails_is_an_error(configure):
    configure(hugo_bin="/bin/false")

    with pytest.raises(CommandError, match="does not work as Hugo"):
        build_site()

    assert Build.objects.get().state == "failed"


def test_build_site_leaves_what_changed_meanwhile_to_the_queue(monkeypatch):
    real = hugo.render

    def render(*args, **kwargs):
        make.resource()
        real(*args, **kwargs)

    monkeypatch.setattr(hugo, "render", render)

    build_site()

    (task,) = OrmQ.objects.all()
    assert task.func() == "builds.tasks.build_when_quiet"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (OperationalError("database is locked"), "OperationalError: database is locked"),
    ],
    ids=["full disk", "locked database"],
)
def test_build_site_says_what_the_machine_lacks(monkeypatch, error, shown):
    def fail(*args):
        raise error

    monkeypatch.setattr(release, "_swap", fail)

    with pytest.raises(CommandError) as caught:
        build_site()

    assert (str(caught.value), caught.value.returncode) == (f"The site was not built. {shown}", 1)
    assert BuildState.get().last_error == shown


def test_build_site_that_can_not_begin_says_so(monkeypatch):
    def claim(trigger):
        raise OperationalError("database is locked")

    monkeypatch.setattr(Build.objects, "claim", claim)

    with pytest.raises(CommandError, match=r"^The site was not built\. OperationalError: "):
        build_site()
