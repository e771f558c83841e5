"""Git directories without what is on no branch any more."""

from __future__ import annotations

from builds.deploy import runner, targets
from builds.deploy.git import GitBranch
from builds.deploy.repository import Repository
from builds.deploy.target import DamagedError
from builds.models import Deployment


def purge() -> bool:
    """Drop from our git directories what the site has no more; False while something is deployed.
    One that holds a state which its branch has not come to yet goes as a whole: the next push sends
    all of the site."""
    with runner.only_deployer() as is_alone:
        for target in targets.configured() if is_alone else ():
            if isinstance(target, GitBranch):
                _purge(target.repository, Deployment.objects.for_target(target))
    return is_alone


def _purge(repository: Repository, row: Deployment) -> None:
    if not repository.is_there():
        return
    if not row.is_current:
        repository.discard()
        return
    try:
        repository.pack()
    except DamagedError:  # all of it can be made anew
        repository.discard()
