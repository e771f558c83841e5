"""What other programs learn of our environment and on their command lines: what they need, by name."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pyrage
import pytest

from builds.data.records import Page
from builds.deploy.fast_import import Signature
from builds.deploy.git import GitBranch
from builds.deploy.remotes import remote
from builds.deploy.repository import Repository
from builds.deploy.rsync import Rsync
from builds.deploy.target import Holding, Site
from builds.render import hugo
from ghost.core.config.env import BASE_DIR, Env, variable
from ghost.core.errors import OutageError
from ghost.core.io import child_environment, programs
from ghost.operations.backups import encryption
from ghost.operations.backups.databases import postgres_programs
from ghost.operations.backups.second_place import Elsewhere
from tests.builds.deployments import everything, write

SECRET = "planted-secret"
TABLES = {
    "age": child_environment.AGE,
    "pg_restore": child_environment.POSTGRES,
    "git": child_environment.GIT,
    "rsync": child_environment.RSYNC,
    "hugo": child_environment.HUGO,
    "ssh": (*child_environment.GIT, *child_environment.RSYNC),
}
OF = {
    "git": {"SSH_AUTH_SOCK", "https_proxy", "GIT_SSH_COMMAND"},
    "rsync": {"SSH_AUTH_SOCK", "RSYNC_RSH", "RSYNC_PASSWORD"},
    "hugo": {"GOMAXPROCS"},
}
"""What each gets of the operator's environment below, among others."""
RECORDER = """#!{python}
import json, os, sys
seen = {{"argv": sys.argv, "env": dict(os.environ)}}
with open({log!r}, "a") as log:
    log.write(json.dumps(seen) + "\\n")
os.environ["PATH"] = {path!r}
os.execvp({real!r}, [{real!r}, *sys.argv[1:]])
"""


class Recorder:
    """Programs that write down their environment and arguments, and become the real ones."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        folder.mkdir()

    def put(self, name: str, real: str) -> Path:
        program = self.folder / name
        values = {"log": str(self.log), "real": real, "path": os.environ["PATH"]}
        program.write_text(RECORDER.format(python=sys.executable, **values))
        program.chmod(0o755)
        return program

    @property
    def seen(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    """Every variable of Ghost holds a secret, and so do some of the operator's."""
    found = Recorder(tmp_path / "bin")
    for name in ("git", "rsync", "ssh"):
        found.put(name, shutil.which(name) or name)
    names = {variable(field) for field in Env.model_fields} | {"AWS_SECRET_ACCESS_KEY", "GIT_DIR"}
    for name in {*names, "GIT_TRACE_CURL", "HUGO_PARAMS_X", "LD_PRELOADED"} - {"HOST", "PORT"}:
        monkeypatch.setenv(name, SECRET)
    for name in {name for needed in OF.values() for name in needed}:
        monkeypatch.setenv(name, "ssh" if name.startswith(("GIT_SSH", "RSYNC_RSH")) else "1")
    monkeypatch.setenv("PATH", f"{found.folder}:{os.environ['PATH']}")
    return found


@pytest.fixture
def site(tmp_path) -> Site:
    write(tmp_path / "pages", {"index.html": b"home", "404.html": b"none"})
    return Site(tmp_path / "pages")


def branch(tmp_path: Path, url: str) -> GitBranch:
    by = Signature("ghost-bot", "bot@example.org", 1_700_000_000)
    return GitBranch(Repository(tmp_path / "deploy" / "git", remote(url), by, 60), "gh-pages", {})


def push(tmp_path, site, _configure, recorder):
    """To a repository with a hook of its own, which is a child too."""
    bare = tmp_path / "pages.git"
    programs.run(["git", "init", "--quiet", "--bare", bare], timeout_s=20)
    recorder.log.unlink()
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nenv > "{tmp_path}/hook"\n')
    hook.chmod(0o755)
    branch(tmp_path, str(bare)).send(site, Holding(False, "", 0), everything)
    assert SECRET not in (tmp_path / "hook").read_text()


def push_over_https(tmp_path, site, _configure, _recorder):
    """A password in the address: nobody answers there."""
    with pytest.raises(OutageError) as told:
        branch(tmp_path, f"https://ada:{SECRET}@127.0.0.1:1/pages.git").send(
            site, Holding(False, "", 0), everything
        )
    assert SECRET not in str(told.value)


def push_over_ssh(tmp_path, site, _configure, _recorder):
    with pytest.raises(OutageError):
        branch(tmp_path, f"ssh://git:{SECRET}@127.0.0.1:1/pages.git").send(
            site, Holding(False, "", 0), everything
        )


def synchronise(_tmp_path, site, _configure, _recorder):
    with pytest.raises(OutageError):
        Rsync("ghost@127.0.0.1:/nowhere", 20).send(site, Holding(False, "", 0), everything)


def render(tmp_path, _site, configure, recorder):
    configure(hugo_bin=str(recorder.put("hugo", hugo.binary())))
    (tmp_path / "chunk.json").write_bytes(
        b"[" + Page("/about/", "about", "About", {"count": 0}).json + b"]"
    )
    hugo.render([tmp_path / "chunk.json"], tmp_path / "out", tmp_path / "work", hugo.Report())
    assert hugo.version()


def encrypt(tmp_path, _site, configure, recorder):
    recorder.put("age", shutil.which("age") or "age")
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    configure(age_bin="age", age_recipient=recipient)
    (tmp_path / "plain").write_bytes(b"plain")
    encryption.encrypt(tmp_path / "plain", tmp_path / "sealed")


def list_dump(tmp_path, _site, configure, recorder):
    recorder.put("pg_restore", shutil.which("pg_restore") or "pg_restore")
    with pytest.raises(OutageError):
        postgres_programs.run("pg_restore", "--list", tmp_path / "nothing")


def copy_elsewhere(tmp_path, _site, configure, _recorder):
    (tmp_path / "archive").touch()
    with pytest.raises(OutageError):
        Elsewhere("ghost@127.0.0.1:/nowhere").bring(tmp_path / "archive")


CALLS = {
    "ghost/operations/backups/databases/postgres_programs.py": (list_dump,),
    "ghost/operations/backups/second_place.py": (copy_elsewhere,),
    "ghost/operations/backups/encryption.py": (encrypt,),
    "builds/deploy/repository.py": (push, push_over_https, push_over_ssh),
    "builds/deploy/rsync.py": (synchronise,),
    "builds/render/hugo.py": (render,),
    "ghost/demo/__main__.py": (),  # our own program, which is to have what is ours
}
"""Where other programs are started, and how a test has it done."""


@pytest.mark.parametrize("call", [call for calls in CALLS.values() for call in calls])
def test_a_child_gets_what_it_needs_and_no_secret(tmp_path, site, configure, recorder, call):
    call(tmp_path, site, configure, recorder)

    assert recorder.seen
    assert SECRET not in recorder.log.read_text()
    for child in recorder.seen:
        name = Path(child["argv"][0]).name
        got = {each for each in child["env"] if not each.startswith(("GIT_", "RSYNC_RSH"))}
        assert got <= {*child_environment.ALWAYS, *TABLES[name], "SSH_ASKPASS", "PWD"}
        assert OF.get(name, set()) <= set(child["env"])


def test_a_variable_that_the_operator_names_is_passed(
    tmp_path, site, configure, recorder, monkeypatch
):
    monkeypatch.setenv("KRB5CCNAME_OTHER", "ticket")
    configure(child_env=("KRB5CCNAME_OTHER",))

    synchronise(tmp_path, site, configure, recorder)

    assert recorder.seen[0]["env"]["KRB5CCNAME_OTHER"] == "ticket"


def test_each_place_that_starts_a_program_is_tried_above():
    places = {
        path.relative_to(BASE_DIR).as_posix()
        for app in ("ghost", "teams", "resources", "dht", "builds")
        for path in (BASE_DIR / app).rglob("*.py")
        if re.search(r"\bprograms\.run\(", path.read_text())
    }

    assert places == set(CALLS)
