"""Ghost's own bare repository: what goes wrong around it, and what it tells nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from builds.deploy.target import Site
from builds.tree.patches import TreeChanges
from ghost.core.config.env import BASE_DIR
from ghost.core.errors import OutageError
from tests.builds.deploy.branches import ODD, git, held, plus
from tests.builds.deployments import send, write


def test_a_remote_that_rejects_says_why_and_is_tried_again(branch, bare, pages):
    first = send(branch(), Site(pages))
    hook = bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho the quota is used up >&2\nexit 1\n")
    hook.chmod(0o755)
    write(pages, {"index.html": b"new home"})
    site = Site(pages, TreeChanges({"index.html"}, set()))

    with pytest.raises(OutageError, match="the quota is used up"):
        send(branch(), site, first)
    kept = git(bare, "rev-parse", "gh-pages").strip()
    hook.unlink()
    send(branch(), site, first)

    assert kept == first.commit
    assert held(bare) == plus(pages)


def test_a_remote_that_hangs_ends_on_time(branch, bare, pages):
    hook = bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nsleep 30\n")
    hook.chmod(0o755)
    began = time.monotonic()

    with pytest.raises(OutageError, match="stopped after"):
        send(branch(timeout_s=1), Site(pages))

    assert time.monotonic() - began < 25


@pytest.mark.parametrize("what", ["pack", "head", "all", "garbage", "config"])
def test_a_damaged_git_directory_is_made_anew(branch, bare, pages, tmp_path, what):
    first = send(branch(), Site(pages))
    folder = tmp_path / "deploy/git"
    for path in (folder / "objects/pack").glob("*"):
        path.chmod(0o644)
    if what == "pack":
        for path in (folder / "objects/pack").glob("*.pack"):
            path.write_bytes(path.read_bytes()[:60])
    elif what == "head":
        (folder / "HEAD").write_text("rubbish")
    elif what == "config":
        (folder / "config").write_text("[core\n")
    elif what == "garbage":
        for path in (folder / "objects/pack").glob("*.pack"):
            path.write_bytes(b"x" * path.stat().st_size)
    else:
        subprocess.run(["rm", "-r", str(folder)], check=True)
    write(pages, {"index.html": b"new home"})

    sent = send(branch(), Site(pages, TreeChanges({"index.html"}, set())), first)

    assert held(bare) == plus(pages)
    assert git(bare, "rev-list", "--all").split() == [sent.commit]


def test_locks_and_drafts_of_the_dead_are_cleared_away(branch, bare, pages, tmp_path):
    first = send(branch(), Site(pages))
    folder = tmp_path / "deploy/git"
    left = [
        "index.lock", "config.lock", "HEAD.lock", "packed-refs.lock", "refs/ghost/next.lock",
        "objects/pack/tmp_pack_x1", "objects/pack/.tmp-12-pack-x.pack", "fast_import_crash_99",
    ]  # fmt: skip
    for name in left:
        (folder / name).write_bytes(b"")
    write(pages, {"index.html": b"new home"})

    send(branch(), Site(pages, TreeChanges({"index.html"}, set())), first)

    assert held(bare) == plus(pages)
    assert [name for name in left if (folder / name).exists()] == []


@pytest.mark.parametrize("is_first", [True, False])
def test_a_disk_that_takes_no_more_is_an_outage_that_loses_nothing(
    branch, bare, pages, program, tmp_path, monkeypatch, is_first
):
    path = os.environ["PATH"]
    before = None if is_first else send(branch(), Site(pages))
    write(pages, {"index.html": os.urandom(400_000)})
    site = Site(pages, None if is_first else TreeChanges({"index.html"}, set()))
    program('case "$*" in *fast-import*) ulimit -f 100;; esac; exec $real "$@"')

    with pytest.raises(OutageError):
        send(branch(), site, before)
    kept = (tmp_path / "deploy/git/HEAD").exists()
    monkeypatch.setenv("PATH", path)
    send(branch(), site, before)

    assert kept
    assert held(bare) == plus(pages)


def test_git_that_is_not_there_is_an_outage(branch, pages, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OutageError, match="git"):
        send(branch(), Site(pages))


CHILD = """
import sys, django; django.setup()
from pathlib import Path
from tests.builds.deploy.branches import BY, EXTRA
from tests.builds.deployments import everything
from builds.tree.patches import TreeChanges
from builds.deploy.remotes import remote
from builds.deploy.git import GitBranch
from builds.deploy.repository import Repository
from builds.deploy.target import Holding, Site
folder, bare, pages, commit = sys.argv[1:]
target = GitBranch(Repository(Path(folder), remote(bare), BY, 60), "gh-pages", EXTRA)
changes = TreeChanges({"index.html"}, {"404.html"})
target.send(Site(Path(pages), changes), Holding(True, commit, 33), everything)
"""


@pytest.mark.parametrize(
    "step", ["rev-parse", "fast-import", "commit-tree", "push", "push --delete"]
)
def test_killed_at_any_step_it_loses_nothing(
    branch, bare, pages, program, tmp_path, monkeypatch, step
):
    path, mark = os.environ["PATH"], tmp_path / "mark"
    first = send(branch(), Site(pages))
    write(pages, {"index.html": b"new home"})
    (pages / "404.html").unlink()
    needle = "* :refs/ghost/carrier*" if step == "push --delete" else f"* {step} *"
    hang = f"echo $$ > {mark}; sleep 60"
    if step == "fast-import":  # in the middle of what it reads
        hang = f'(head -c 200; echo $$ > {mark}; sleep 60) | $real "$@"'
    if step == "push":  # in the middle of what the other side does
        hook = bare / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho $$ > {mark}; sleep 60\n")
        hook.chmod(0o755)
        hang = 'exec $real "$@"'
    pattern = needle.replace(" ", "\\ ")
    program(f'case "$* " in {pattern}) {hang};; *) exec $real "$@";; esac')
    folder = str(tmp_path / "deploy/git")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, folder, str(bare), str(pages), first.commit],
        cwd=BASE_DIR, start_new_session=True, env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )  # fmt: skip
    with child:
        deadline = time.monotonic() + 60
        while not mark.exists() and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        child.kill()
    code = child.returncode
    time.sleep(0.1)
    _end(mark)
    monkeypatch.setenv("PATH", path)
    (bare / "hooks/pre-receive").unlink(missing_ok=True)
    tip = git(bare, "rev-parse", "gh-pages").strip()
    again = send(branch(), Site(pages, TreeChanges({"index.html"}, {"404.html"})), first)

    assert mark.exists()
    assert code == -signal.SIGKILL
    assert (tip == first.commit) is (step != "push --delete")
    assert held(bare) == plus(pages)
    assert git(bare, "rev-list", "--all").split() == [again.commit]
    assert again.files == first.files - 1


def _end(mark: Path) -> None:
    """The program that the killed one had started, which may have outlived it for a moment."""
    with suppress(ProcessLookupError, FileNotFoundError):
        os.killpg(os.getpgid(int(mark.read_text())), signal.SIGKILL)


def test_no_setting_of_the_machine_is_read(branch, bare, pages, tmp_path, monkeypatch):
    write(pages, ODD)
    (tmp_path / ".gitattributes").write_bytes(b"* text=auto eol=crlf\n")
    (tmp_path / ".gitconfig").write_text(
        f"[core]\nautocrlf = true\nattributesFile = {tmp_path}/.gitattributes\n"
        f'[url "file:///nowhere/"]\ninsteadOf = {tmp_path}\n[user]\nname = Somebody\n[broken\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.file:///nowhere/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.autocrlf=true'")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")

    send(branch(), Site(pages))

    monkeypatch.undo()
    assert held(bare) == plus(pages)
    assert git(bare, "log", "--format=%an %cn", "gh-pages") == "ghost-bot ghost-bot\n"


def test_no_credential_is_told_or_given_on_a_command_line(branch, pages, program, tmp_path):
    url = "https://ada:p%40ss-w0rd@127.0.0.1:9/site.git"
    program(f'echo "$@" >> {tmp_path}/argv; exec $real "$@"')

    with pytest.raises(OutageError) as caught:
        send(branch(url), Site(pages))

    target = branch(url)
    told = str(caught.value) + target.address + (tmp_path / "argv").read_text()
    assert "127.0.0.1:9" in told
    assert [secret for secret in ("p%40ss-w0rd", "p@ss-w0rd") if secret in told] == []
    assert list((tmp_path / "deploy").rglob("credentials")) == []


def test_git_takes_the_credentials_from_a_file_of_ours(branch, pages, program, tmp_path):
    program(f"""
        for option in "$@"; do
            case "$option" in credential.helper=store*)
                printf 'protocol=https\\nhost=h.example\\n' |
                    $real -c "$option" credential fill > {tmp_path}/filled
                stat -c %a {tmp_path}/deploy/git/credentials > {tmp_path}/mode
                exit 1
            esac
        done
        exec $real "$@"
        """)

    with pytest.raises(OutageError):
        send(branch("https://ada:p%40ss@h.example/x.git"), Site(pages))

    filled = (tmp_path / "filled").read_text().splitlines()
    assert {"username=ada", "password=p@ss"} < set(filled)
    assert (tmp_path / "mode").read_text() == "600\n"


def test_the_directory_is_packed_anew_when_much_came_together(branch, bare, pages, monkeypatch):
    monkeypatch.setattr("builds.deploy.repository.PACKS_MOST", 4)
    target, sent = branch(), send(branch(), Site(pages))
    folder, most = target.repository.folder, 0

    for number in range(6):
        write(pages, {"index.html": b"home %d" % number})
        sent = send(target, Site(pages, TreeChanges({"index.html"}, set())), sent)
        most = max(most, len(list((folder / "objects/pack").glob("*.pack"))))

    kept = git(folder, "cat-file", "--batch-check", "--batch-all-objects")
    assert most <= 5
    assert held(bare) == plus(pages)
    assert len([line for line in kept.splitlines() if " commit " in line]) <= 12
