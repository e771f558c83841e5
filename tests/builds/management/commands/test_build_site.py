from __future__ import annotations

import io
import json
from contextlib import redirect_stderr

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django_q.models import OrmQ

from builds import run
from builds.management.commands import build_site as build_command
from builds.models import Build, BuildState
from builds.render import hugo
from builds.tree import releases
from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog
from tests import make
from tests.presence import present
from tests.stories.site.test_same_bytes import tree

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
    public = settings.GHOST.site_workdir / "public"
    assert list(told["stages"]) == [
        "covers", "sync", "export", "search", "hugo", "check", "publish",
    ]  # fmt: skip
    assert told["pages"] == len(list(public.rglob("*.html")))
    assert (told["full"], told["changed"]) == (True, len(tree(public)))
    assert [line.split()[:2] for line in progress] == [[name, "ok"] for name in told["stages"]]


def test_build_site_after_a_change_does_only_what_is_due():
    row = make.resource(title="One")
    build_site()
    row.title = "Two"
    row.store()

    told, _ = build_site()

    build = present(Build.objects.first())
    assert (told["result"], told["full"], told["changed"]) == ("done", False, build.changed)
    assert list(told["stages"]) == ["sync", "export", "search", "hugo", "check", "publish"]


def test_build_site_verifies(settings):
    make.resource()
    build_site()
    spoilt = settings.GHOST.site_workdir / "public/index/tags.json"
    before = spoilt.read_bytes()
    spoilt.write_bytes(b"")

    told, _ = build_site(verify=True)

    assert (told["result"], told["full"], "verify" in told["stages"]) == ("done", False, True)
    assert spoilt.read_bytes() == before


def test_build_site_says_in_a_log_how_far_long_steps_are(monkeypatch):
    monkeypatch.setattr(run, "REPORT_EVERY_S", 0)
    monkeypatch.setattr(build_command, "SAID_EVERY_S", 0)
    make.resource()

    told, progress = build_site()

    said = [line.split(" … ") for line in progress if " … " in line]
    pages = told["pages"]
    assert ["hugo    ", f"0 of {pages} (0 %)"] in said
    assert ["sync    ", "0 of 1 (0 %)"] in said
    assert Build.objects.get().steps.get(name="hugo").total == pages


def test_build_site_on_a_terminal_says_it_in_one_place(monkeypatch):
    monkeypatch.setattr(run, "REPORT_EVERY_S", 0)
    err = Terminal()
    make.resource()

    call_command("build_site", stdout=io.StringIO(), stderr=err)

    lines = err.getvalue().rstrip("\n").split("\n")
    hugo = next(line for line in lines if "hugo" in line).split("\r\x1b[K")
    pages = Build.objects.get().pages
    assert hugo[1:3] == ["hugo     …", f"hugo     … 0 of {pages} (0 %)"]
    assert hugo[-1].startswith("hugo     ok")
    assert len(lines) == 7


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_build_site_that_is_not_deployed_is_an_error(configure):
    configure(deploy_target="/dev/null/there")

    with pytest.raises(CommandError, match=r"^The site is built, but not deployed\. /dev/null"):
        build_site()

    assert Build.objects.get().state == "done"


def test_build_site_again_says_unchanged_and_forced_does_it_again():
    build_site()

    assert build_site()[0]["result"] == "unchanged"
    assert build_site(force=True)[0]["result"] == "done"


def test_build_site_while_somebody_else_builds_is_an_error():
    Build.objects.claim("somebody else")
    before = Catalog.get().revision

    with pytest.raises(CommandError, match=r"^Somebody else is building just now"):
        build_site()

    assert Catalog.get().revision == before
    assert not AuditEvent.objects.filter(action="build.trigger").exists()


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

    monkeypatch.setattr(releases, "swap_to", fail)

    with pytest.raises(CommandError) as caught:
        build_site()

    assert (str(caught.value), caught.value.returncode) == (f"The site was not built. {shown}", 1)
    assert str(BuildState.get().last_error) == shown


def test_build_site_that_can_not_begin_says_so(monkeypatch):
    def claim(trigger):
        raise OperationalError("database is locked")

    monkeypatch.setattr(Build.objects, "claim", claim)

    with pytest.raises(CommandError, match=r"^The site was not built\. OperationalError: "):
        build_site()
