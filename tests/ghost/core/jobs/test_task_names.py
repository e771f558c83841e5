"""Names of tasks reach what they name, with the arguments that lower rooms give."""

import inspect

import pytest
from django.utils.module_loading import import_string

from ghost.core.jobs.task_names import TaskName

ARGUMENTS = {
    TaskName.BUILD_WHEN_QUIET: (),
    TaskName.BUILD_AT_ONCE: (),
    TaskName.LOCALIZE_COVERS: (),
    TaskName.DEPLOY_NOW: (),
    TaskName.RUN_SCAN: (1,),
    TaskName.BACK_UP: ("full",),
    TaskName.PROVE_BACKUP: ("ghost-20260131T100000000000Z.tar.gz",),
}


@pytest.mark.parametrize("name", TaskName)
def test_a_named_task_is_there_and_takes_its_arguments(name):
    task = import_string(name)

    inspect.signature(task).bind(*ARGUMENTS[name])

    assert f"{task.__module__}.{task.__name__}" == name
