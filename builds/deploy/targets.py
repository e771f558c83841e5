"""The targets that the configuration names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from builds.deploy.fast_import import Signature
from builds.deploy.folder import Folder
from builds.deploy.git import GitBranch
from builds.deploy.remotes import remote
from builds.deploy.repository import Repository
from builds.deploy.rsync import Rsync
from builds.deploy.target import Target
from ghost.core.config.env import BASE_DIR, Env
from ghost.core.config.groups.deployment import is_elsewhere


def configured() -> list[Target]:
    """A pages branch, a folder or another host, or both; none as Ghost comes."""
    return list(_configured(settings.GHOST))


def state_folder() -> Path:
    """Where deployments keep what they need the next time."""
    return Path(settings.GHOST.site_workdir).resolve() / "deploy"


def _configured(env: Env) -> Iterator[Target]:
    if env.pages_url:
        yield _branch(env)
    if is_elsewhere(env.deploy_target):
        yield Rsync(env.deploy_target, env.deploy_timeout_s)
    elif env.deploy_target:
        yield Folder(BASE_DIR / Path(env.deploy_target).expanduser())


def _branch(env: Env) -> GitBranch:
    name = env.pages_cname
    return GitBranch(
        Repository(
            state_folder() / "git",
            remote(env.pages_url),
            Signature(env.pages_git_user_name, env.pages_git_user_email, int(time.time())),
            env.deploy_timeout_s,
        ),
        env.pages_branch,
        # .nojekyll: GitHub would leave out folders whose names begin with an underscore
        {".nojekyll": b"", "CNAME": f"{name}\n".encode() if name else None},
        force=env.pages_force,
    )
