"""A pages branch: real git, real bare repositories."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from builds.deploy.fast_import import Signature
from builds.deploy.git import GitBranch
from builds.deploy.remotes import remote
from builds.deploy.repository import Repository
from builds.deploy.target import HeldError, Holding, Sent, Site
from builds.tree.patches import TreeChanges
from ghost.core.config.env import BASE_DIR
from ghost.core.errors import OutageError, RefusedError
from ghost.core.text.reasons import words

EXTRA = {".nojekyll": b"", "CNAME": b"catalog.example.org\n"}
BY = Signature("ghost-bot", "bot@example.org", 1_700_000_000)
ODD = {
    'tags/安全 "quoted"/index.html': b"\xff\x00\r\n",
    "a.b/x": b"sorts",
    "a/x": b"like",
    "a-b/x": b"git",
    ".gitattributes": b"* text eol=crlf filter=x\n",
    "crlf.txt": b"one\r\ntwo\r\n",
    "empty": b"",
}


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(where), *arguments], capture_output=True, check=True, timeout=20
    )
    return done.stdout.decode()


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)


def held(bare: Path, branch: str = "gh-pages") -> dict[str, bytes]:
    """What the branch holds."""
    lines = git(bare, "ls-tree", "-r", "-z", branch).split("\0")[:-1]
    blobs = [line.partition("\t")[0].split()[2] for line in lines]
    told = subprocess.run(
        ["git", "-C", str(bare), "cat-file", "--batch"],
        input="\n".join(blobs).encode(), capture_output=True, check=True, timeout=20,
    ).stdout  # fmt: skip
    found = {}
    for line in lines:
        head, _, told = told.partition(b"\n")
        size = int(head.split()[2])
        found[line.partition("\t")[2]], told = told[:size], told[size + 1 :]
    return found


def everything(paths) -> None:
    """A guard that lets all pass."""


@pytest.fixture
def bare(tmp_path) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "remote.git")], check=True)
    return tmp_path / "remote.git"


@pytest.fixture
def public(tmp_path) -> Path:
    files = {f"resources/{number}/index.html": b"page %d" % number for number in range(1, 30)}
    write(tmp_path / "public", files | {"index.html": b"home", "404.html": b"none"})
    return tmp_path / "public"


@pytest.fixture
def branch(tmp_path, bare):
    """`branch(force=True)`: a target that pushes to the bare repository."""

    def make(url: str = "", *, extra=EXTRA, timeout_s=60, **more) -> GitBranch:
        repository = Repository(
            tmp_path / "deploy" / "git", remote(url or str(bare)), BY, timeout_s
        )
        return GitBranch(repository, "gh-pages", extra, **more)

    return make


def send(target: GitBranch, site: Site, before: Sent | None = None, guard=everything) -> Sent:
    holding = Holding(True, before.commit, before.files) if before else Holding()
    return target.send(site, holding, guard)


def plus(folder: Path) -> dict[str, bytes]:
    """The site with what is of the branch alone."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return found | EXTRA


def test_the_first_push_holds_the_site_byte_for_byte(branch, bare, public):
    write(public, ODD)

    sent = send(branch(), Site(public))

    assert held(bare) == plus(public)
    assert (sent.files, sent.removed) == (len(plus(public)), 0)
    assert git(bare, "rev-list", "--all").split() == [sent.commit]
    assert git(bare, "log", "--format=%an %ae %cn %ce %s", "gh-pages").strip() == (
        "ghost-bot bot@example.org ghost-bot bot@example.org Publish"
    )
    assert git(bare, "fsck", "--strict", "--full") == ""


@pytest.mark.parametrize("is_known", [True, False])
def test_changes_and_removals_follow_in_one_commit_without_history(branch, bare, public, is_known):
    first = send(branch(), Site(public))
    write(public, {"resources/3/index.html": b"changed", "new/deep/page.html": b"new"})
    (public / "resources/4/index.html").unlink()
    changes = TreeChanges(
        {"resources/3/index.html", "new/deep/page.html"}, {"resources/4/index.html"}
    )

    second = send(branch(), Site(public, changes if is_known else None), first)

    assert held(bare) == plus(public)
    assert (second.changed, second.removed, second.files) == (2, 1, first.files)
    assert git(bare, "rev-list", "--all").split() == [second.commit]
    assert git(bare, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/gh-pages"]


def test_what_was_taken_down_is_in_no_history_after_the_same_push(branch, bare, public):
    write(public, {"resources/7/index.html": b"a secret that was taken down"})
    first = send(branch(), Site(public))
    secret = git(bare, "rev-parse", "gh-pages:resources/7/index.html").strip()
    (public / "resources/7/index.html").unlink()

    send(branch(), Site(public, TreeChanges(set(), {"resources/7/index.html"})), first)

    reachable = git(bare, "rev-list", "--objects", "--all")
    assert secret not in reachable
    assert first.commit not in reachable


def test_a_change_is_sent_alone_although_the_commit_has_no_parents(branch, bare, public):
    first = send(branch(), Site(public))
    before = set(git(bare, "rev-list", "--objects", "--all").splitlines())
    git(bare, "config", "receive.unpackLimit", "1")  # so that each push stays one pack
    write(public, {"resources/3/index.html": b"changed"})
    packs = set((bare / "objects/pack").glob("*.idx"))

    send(branch(), Site(public, TreeChanges({"resources/3/index.html"}, set())), first)

    (pack,) = set((bare / "objects/pack").glob("*.idx")) - packs
    objects = subprocess.run(
        ["git", "show-index"], input=pack.read_bytes(), capture_output=True, check=True
    ).stdout.splitlines()
    # two commits, the root, resources/, resources/3/, the page; and what completes deltas
    assert 6 <= len(objects) <= 9
    assert len(before) > 60


def test_nothing_is_pushed_when_nothing_changed(branch, bare, public):
    first = send(branch(), Site(public))
    (bare / "hooks").mkdir(exist_ok=True)
    hook = bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    same = send(branch(), Site(public, TreeChanges({"index.html"}, {"gone.html"})), first)
    compared = send(branch(), Site(public), first)

    assert (same.commit, same.changed, same.removed) == (first.commit, 0, 0)
    assert (compared.commit, compared.changed, compared.files) == (first.commit, 0, first.files)


def test_the_branchs_own_files_follow_the_configuration(branch, bare, public):
    first = send(branch(), Site(public))

    send(
        branch(extra={".nojekyll": b"", "CNAME": None}),
        Site(public, TreeChanges(set(), set())),
        first,
    )

    assert set(held(bare)) - {".nojekyll"} == set(plus(public)) - {".nojekyll", "CNAME"}


def test_a_comparison_of_everything_pushes_a_branch_that_went_away(branch, bare, public):
    first = send(branch(), Site(public))
    git(bare, "update-ref", "-d", "refs/heads/gh-pages")

    again = send(branch(), Site(public), first)

    assert held(bare) == plus(public)
    assert again.files == first.files


def test_a_guard_that_refuses_keeps_the_branch_as_it_was(branch, bare, public):
    first = send(branch(), Site(public))
    (public / "index.html").unlink()
    asked = []

    def guard(paths):
        asked.extend(paths)
        if paths:
            raise HeldError(words("Ask."), len(paths), "digest")

    with pytest.raises(HeldError):
        send(branch(), Site(public, TreeChanges(set(), {"index.html"})), first, guard)

    assert asked == ["index.html"]
    assert git(bare, "rev-parse", "gh-pages").strip() == first.commit


def test_a_guard_hears_of_a_shrunken_site_although_our_copy_is_lost(branch, bare, public, tmp_path):
    first = send(branch(), Site(public))
    subprocess.run(
        ["rm", "-r", str(tmp_path / "deploy/git"), str(public / "resources")], check=True
    )
    asked = []

    send(branch(), Site(public), first, lambda paths: asked.append(len(paths)))

    assert asked == [29]


# -- others


def stranger(bare: Path, tmp_path: Path) -> str:
    """Somebody else pushes to the branch; their commit."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "init", "-q", str(clone)], check=True)
    write(clone, {"theirs.txt": b"theirs"})
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(clone, "add", "-A")
    git(clone, *who, "commit", "-q", "-m", "theirs")
    git(clone, "push", "-q", "-f", str(bare), "HEAD:gh-pages")
    return git(clone, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_branch_that_others_made_is_overwritten_by_force_alone(
    branch, bare, public, tmp_path, is_first
):
    before = None if is_first else send(branch(), Site(public))
    theirs = stranger(bare, tmp_path)
    write(public, {"index.html": b"new home"})
    site = Site(public, None if is_first else TreeChanges({"index.html"}, set()))

    with pytest.raises(RefusedError, match=rf"(?s)gh-pages.*{theirs[:10]}.*GHOST_PAGES_FORCE=1"):
        send(branch(), site, before)
    kept = git(bare, "rev-parse", "gh-pages").strip()
    send(branch(force=True), site, before)

    assert kept == theirs
    assert held(bare) == plus(public)


def test_a_push_that_nobody_wrote_down_is_known_again(branch, bare, public):
    """Killed between the push and its row."""
    first = send(branch(), Site(public))
    write(public, {"index.html": b"new home"})
    changes = TreeChanges({"index.html"}, set())
    lost = send(branch(), Site(public, changes), first)

    again = send(branch(), Site(public, changes), first)
    write(public, {"index.html": b"newer home"})
    later = send(branch(), Site(public, changes), first)

    assert again.commit == lost.commit
    assert later.commit not in (first.commit, lost.commit)
    assert held(bare) == plus(public)


def test_a_remote_that_hides_the_carrier_takes_the_branch(branch, bare, public):
    git(bare, "config", "receive.hideRefs", "refs/ghost")
    first = send(branch(), Site(public))
    write(public, {"index.html": b"new home"})

    send(branch(), Site(public, TreeChanges({"index.html"}, set())), first)

    assert held(bare) == plus(public)
    assert git(bare, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/gh-pages"]


def test_a_remote_that_rejects_says_why_and_is_tried_again(branch, bare, public):
    first = send(branch(), Site(public))
    hook = bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho the quota is used up >&2\nexit 1\n")
    hook.chmod(0o755)
    write(public, {"index.html": b"new home"})
    site = Site(public, TreeChanges({"index.html"}, set()))

    with pytest.raises(OutageError, match="the quota is used up"):
        send(branch(), site, first)
    kept = git(bare, "rev-parse", "gh-pages").strip()
    hook.unlink()
    send(branch(), site, first)

    assert kept == first.commit
    assert held(bare) == plus(public)


def test_a_remote_that_is_gone_is_an_outage_and_our_copy_stays(branch, bare, public, tmp_path):
    first = send(branch(), Site(public))
    bare.rename(tmp_path / "away")
    write(public, {"index.html": b"new home"})
    site = Site(public, TreeChanges({"index.html"}, set()))

    with pytest.raises(OutageError, match="could not push"):
        send(branch(), site, first)
    (tmp_path / "away").rename(bare)
    git(bare, "config", "receive.unpackLimit", "1")
    send(branch(), site, first)

    assert held(bare) == plus(public)


def test_a_remote_that_hangs_ends_on_time(branch, bare, public):
    hook = bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nsleep 30\n")
    hook.chmod(0o755)
    began = time.monotonic()

    with pytest.raises(OutageError, match="stopped after"):
        send(branch(timeout_s=1), Site(public))

    assert time.monotonic() - began < 25


# -- what goes wrong here


@pytest.mark.parametrize("what", ["pack", "head", "all", "garbage", "config"])
def test_a_damaged_git_directory_is_made_anew(branch, bare, public, tmp_path, what):
    first = send(branch(), Site(public))
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
    write(public, {"index.html": b"new home"})

    sent = send(branch(), Site(public, TreeChanges({"index.html"}, set())), first)

    assert held(bare) == plus(public)
    assert git(bare, "rev-list", "--all").split() == [sent.commit]


def test_locks_and_drafts_of_the_dead_are_cleared_away(branch, bare, public, tmp_path):
    first = send(branch(), Site(public))
    folder = tmp_path / "deploy/git"
    left = [
        "index.lock", "config.lock", "HEAD.lock", "packed-refs.lock", "refs/ghost/next.lock",
        "objects/pack/tmp_pack_x1", "objects/pack/.tmp-12-pack-x.pack", "fast_import_crash_99",
    ]  # fmt: skip
    for name in left:
        (folder / name).write_bytes(b"")
    write(public, {"index.html": b"new home"})

    send(branch(), Site(public, TreeChanges({"index.html"}, set())), first)

    assert held(bare) == plus(public)
    assert [name for name in left if (folder / name).exists()] == []


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`program(script)`: a `git` that comes before the real one, as `$real`."""

    def put(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout
        (folder / "git").write_text(f"#!/bin/sh\nreal={real.strip()}\n{textwrap.dedent(script)}\n")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return put


@pytest.mark.parametrize("is_first", [True, False])
def test_a_disk_that_takes_no_more_is_an_outage_that_loses_nothing(
    branch, bare, public, program, tmp_path, monkeypatch, is_first
):
    path = os.environ["PATH"]
    before = None if is_first else send(branch(), Site(public))
    write(public, {"index.html": os.urandom(400_000)})
    site = Site(public, None if is_first else TreeChanges({"index.html"}, set()))
    program('case "$*" in *fast-import*) ulimit -f 100;; esac; exec $real "$@"')

    with pytest.raises(OutageError):
        send(branch(), site, before)
    kept = (tmp_path / "deploy/git/HEAD").exists()
    monkeypatch.setenv("PATH", path)
    send(branch(), site, before)

    assert kept
    assert held(bare) == plus(public)


def test_git_that_is_not_there_is_an_outage(branch, public, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OutageError, match="git"):
        send(branch(), Site(public))


CHILD = """
import sys, django; django.setup()
from pathlib import Path
from tests.builds.deploy.test_git import BY, EXTRA, everything
from builds.tree.patches import TreeChanges
from builds.deploy.remotes import remote
from builds.deploy.git import GitBranch
from builds.deploy.repository import Repository
from builds.deploy.target import Holding, Site
folder, bare, public, commit = sys.argv[1:]
target = GitBranch(Repository(Path(folder), remote(bare), BY, 60), "gh-pages", EXTRA)
changes = TreeChanges({"index.html"}, {"404.html"})
target.send(Site(Path(public), changes), Holding(True, commit, 33), everything)
"""


@pytest.mark.parametrize(
    "step", ["rev-parse", "fast-import", "commit-tree", "push", "push --delete"]
)
def test_killed_at_any_step_it_loses_nothing(
    branch, bare, public, program, tmp_path, monkeypatch, step
):
    path, mark = os.environ["PATH"], tmp_path / "mark"
    first = send(branch(), Site(public))
    write(public, {"index.html": b"new home"})
    (public / "404.html").unlink()
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
        [sys.executable, "-c", CHILD, folder, str(bare), str(public), first.commit],
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
    again = send(branch(), Site(public, TreeChanges({"index.html"}, {"404.html"})), first)

    assert mark.exists()
    assert code == -signal.SIGKILL
    assert (tip == first.commit) is (step != "push --delete")
    assert held(bare) == plus(public)
    assert git(bare, "rev-list", "--all").split() == [again.commit]
    assert again.files == first.files - 1


def _end(mark: Path) -> None:
    """The program that the killed one had started, which may have outlived it for a moment."""
    with suppress(ProcessLookupError, FileNotFoundError):
        os.killpg(os.getpgid(int(mark.read_text())), signal.SIGKILL)


def test_no_setting_of_the_machine_is_read(branch, bare, public, tmp_path, monkeypatch):
    write(public, ODD)
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

    send(branch(), Site(public))

    monkeypatch.undo()
    assert held(bare) == plus(public)
    assert git(bare, "log", "--format=%an %cn", "gh-pages") == "ghost-bot ghost-bot\n"


# -- credentials


def test_no_credential_is_told_or_given_on_a_command_line(branch, public, program, tmp_path):
    url = "https://ada:p%40ss-w0rd@127.0.0.1:9/site.git"
    program(f'echo "$@" >> {tmp_path}/argv; exec $real "$@"')

    with pytest.raises(OutageError) as caught:
        send(branch(url), Site(public))

    target = branch(url)
    told = str(caught.value) + target.address + (tmp_path / "argv").read_text()
    assert "127.0.0.1:9" in told
    assert [secret for secret in ("p%40ss-w0rd", "p@ss-w0rd") if secret in told] == []
    assert list((tmp_path / "deploy").rglob("credentials")) == []


@pytest.mark.parametrize(
    ("url", "shown", "stored", "secret"),
    [
        ("https://ada:t0ken@h.example/x", "https://h.example/x", "https://ada:t0ken@h.example", "t0ken"),
        ("https://t0ken@h.example/x", "https://h.example/x", "https://t0ken:x-oauth-basic@h.example", "t0ken"),
        ("https://h.example/x", "https://h.example/x", "", ""),
        ("ssh://git:t0ken@h.example/x", "ssh://git@h.example/x", "", "t0ken"),
        ("git@h.example:x.git", "git@h.example:x.git", "", ""),
        ("/srv/a:b@c.git", "/srv/a:b@c.git", "", ""),
    ],
)  # fmt: skip
def test_an_address_is_told_from_its_credentials(url, shown, stored, secret):
    found = remote(url)

    assert (found.url, found.stored) == (shown, stored)
    assert found.clean(f"fatal: {url} {secret}") == (
        f"fatal: {url} {secret}".replace("ada:t0ken@", "***@").replace("git:t0ken@", "***@")
        .replace("t0ken@", "***@").replace("t0ken", "***") if secret else f"fatal: {url} "
    )  # fmt: skip


def test_git_takes_the_credentials_from_a_file_of_ours(branch, public, program, tmp_path):
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
        send(branch("https://ada:p%40ss@h.example/x.git"), Site(public))

    filled = (tmp_path / "filled").read_text().splitlines()
    assert {"username=ada", "password=p@ss"} < set(filled)
    assert (tmp_path / "mode").read_text() == "600\n"


# -- upkeep


def test_the_directory_is_packed_anew_when_much_came_together(branch, bare, public, monkeypatch):
    monkeypatch.setattr("builds.deploy.repository.PACKS_MOST", 4)
    target, sent = branch(), send(branch(), Site(public))
    folder, most = target.repository.folder, 0

    for number in range(6):
        write(public, {"index.html": b"home %d" % number})
        sent = send(target, Site(public, TreeChanges({"index.html"}, set())), sent)
        most = max(most, len(list((folder / "objects/pack").glob("*.pack"))))

    kept = git(folder, "cat-file", "--batch-check", "--batch-all-objects")
    assert most <= 5
    assert held(bare) == plus(public)
    assert len([line for line in kept.splitlines() if " commit " in line]) <= 12
