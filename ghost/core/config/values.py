"""The forms that values of variables have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic_settings import NoDecode

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

BASE_DIR = Path(__file__).resolve().parents[3]
"""The project's folder; relative paths start there."""


class Group(BaseModel):
    """Variables that belong together; `ghost.core.config.env` makes one configuration of all."""

    heading: ClassVar[StrPromise]
    """Shown above them, in the reader's language."""


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _from_project(value: Path) -> Path:
    return BASE_DIR / value.expanduser()


CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
ProjectPath = Annotated[Path, AfterValidator(_from_project)]
"""A relative one starts at the project, `~` at home."""
