"""Lists and paths as they are written in `.env`."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from ghost.core.config.values import BASE_DIR, CommaList, ProjectPath


class Values(BaseModel):
    names: CommaList = ()
    path: ProjectPath = Path()


def test_lists_are_separated_by_commas():
    assert Values(names=" a, b,,").names == ("a", "b")


def test_paths_start_at_the_project_or_at_home():
    assert Values(path="var/x").path == BASE_DIR / "var/x"
    assert Values(path="/srv/x").path == Path("/srv/x")
    assert Values(path="~/x").path == Path.home() / "x"


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x", "x" * 300, "a\0b"])
def test_what_no_path_can_be_is_told_as_a_mistake(path):
    with pytest.raises(ValidationError):
        Values(path=path)
