"""How the site gets to where visitors find it."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from django.utils.http import is_same_domain
from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationInfo, field_validator

from ghost.core.config.values import BASE_DIR, Address, Group, from_project


class Deployment(Group):
    """Where the site is copied to, and what stops it."""

    heading = _("Deployment")

    deploy_mode: Literal["standard", "integrated"] = Field(
        "standard", description="integrated: the web server also serves the site at /."
    )
    site_host: str = Field(
        "",
        max_length=253,
        description="Host name under which the web server serves the site, and nothing else; the site is then"
        " at no other name. With integrated alone; it must be none of GHOST_ALLOWED_HOSTS.",
    )
    deploy_target: Address = Field(
        "",
        description="Where the site is copied to: a folder, user@host:path or rsync://host/module."
        " Files there that are not part of the site are deleted.",
    )
    deploy_timeout_s: float = Field(
        1800, gt=0, le=3500, description="Maximum duration of one step of git or rsync, in seconds."
    )
    deploy_max_delete_percent: int = Field(
        20,
        ge=0,
        le=100,
        description="A deployment that would delete more of the deployed files waits for an"
        " operator; fewer than 20 files never do.",
    )

    @field_validator("site_host")
    @classmethod
    def _is_a_name_of_its_own(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        name = ascii_name(value)
        if info.data.get("deploy_mode") != "integrated":
            raise ValueError(
                "needs GHOST_DEPLOY_MODE=integrated; limits of a host: GHOST_SITE_LIMITS"
            )
        if name in map(_without_port, info.data.get("allowed_hosts", ())):
            raise ValueError("must be another name than those of GHOST_ALLOWED_HOSTS")
        origins = info.data.get("csrf_trusted_origins", ())
        if any(is_same_domain(name, _pattern(origin)) for origin in origins):
            raise ValueError("must not be trusted: take it out of GHOST_CSRF_TRUSTED_ORIGINS")
        return name

    @field_validator("deploy_target")
    @classmethod
    def _is_target(cls, value: str, info: ValidationInfo) -> str:
        if looks_like_option(value) or not value.isprintable():
            raise ValueError("must be a folder, user@host:path or rsync://host/module")
        if "://" in value and not re.fullmatch(r"rsync://([\w.-]+@)?[\w.:\[\]-]+/\S+", value):
            raise ValueError("must be rsync://host/module, without a password")
        if value and not is_elsewhere(value):
            folder = from_project(Path(value)).resolve()
            work = Path(info.data.get("site_workdir", BASE_DIR)).resolve()
            if folder.is_relative_to(work) or work.is_relative_to(folder):
                raise ValueError("must lie outside GHOST_SITE_WORKDIR, and not around it")
        return value


class Pages(Group):
    """The repository and the branch of a static host."""

    heading = _("Deployment to a git branch")

    pages_remote_url: Address = Field(
        "",
        description="Git repository that the site is pushed to: https, ssh, or a path. Credentials"
        " in it are never shown.",
    )
    site_repo_url: Address = Field("", description="Used if GHOST_PAGES_REMOTE_URL is empty.")
    pages_branch: str = Field(
        "gh-pages",
        max_length=200,
        description="Branch that the site is pushed to; it holds one commit, the site.",
    )
    pages_cname: str = Field(
        "", max_length=253, description="Host name for the branch's CNAME file; empty: none."
    )
    pages_force: bool = Field(False, description="1 overwrites what others pushed to that branch.")
    pages_git_user_name: str = Field(
        "ghost-bot", min_length=1, max_length=100, description="Name of the commits' author."
    )
    pages_git_user_email: str = Field(
        "ghost-bot@users.noreply.github.com",
        min_length=1,
        max_length=200,
        description="E-mail address of the commits' author.",
    )

    @field_validator("pages_remote_url", "site_repo_url")
    @classmethod
    def _is_repository(cls, value: str) -> str:
        is_url = re.fullmatch(r"(https|ssh)://[^/\s-]\S*|file:///\S+", value)
        is_host = re.fullmatch(r"([\w.-]+@)?\w[\w.-]*:(?!:|//)\S+", value)
        is_path = value.startswith("/") and value.isprintable()
        if value and (looks_like_option(value) or not (is_url or is_host or is_path)):
            raise ValueError("must be https://…, ssh://…, user@host:path or an absolute path")
        return value

    @field_validator("pages_branch")
    @classmethod
    def _is_branch(cls, value: str) -> str:
        return require_branch(value)

    @field_validator("pages_cname")
    @classmethod
    def _is_host_name(cls, value: str) -> str:
        return ascii_name(value) if value else value

    @field_validator("pages_git_user_name", "pages_git_user_email")
    @classmethod
    def _is_signature(cls, value: str) -> str:
        value = value.strip()
        if not value or not value.isprintable() or set("<>") & set(value):
            raise ValueError("must be printable text without < and >")
        return value

    @property
    def pages_url(self) -> str:
        """The repository that the site is pushed to; empty if it is to none."""
        return self.pages_remote_url or self.site_repo_url


class HostLimits(Group):
    """How much the host of the site takes."""

    heading = _("Limits of the site's host")

    site_limits: Literal[
        "none", "github-pages", "gitlab-pages", "cloudflare-pages", "cloudflare-pages-paid"
    ] = Field(
        "none",
        description="The host whose limits apply: github-pages, gitlab-pages, cloudflare-pages,"
        " cloudflare-pages-paid, or none.",
    )
    site_max_files: int | None = Field(
        None,
        ge=0,
        description="Maximum number of files that the host takes; 0: no limit; empty: its preset.",
    )
    site_max_bytes: int | None = Field(
        None,
        ge=0,
        description="Maximum size in bytes that the host takes; 0: no limit; empty: its preset.",
    )


def require_repository(value: str) -> str:
    """The address of a git repository; ValueError if it is none. Empty: there is none."""
    is_url = re.fullmatch(r"(https|ssh)://[^/\s-]\S*|file:///\S+", value)
    is_host = re.fullmatch(r"([\w.-]+@)?\w[\w.-]*:(?!:|//)\S+", value)
    is_path = value.startswith("/") and value.isprintable()
    if value and (looks_like_option(value) or not (is_url or is_host or is_path)):
        raise ValueError("must be https://…, ssh://…, user@host:path or an absolute path")
    return value


def require_branch(value: str) -> str:
    """The name of a branch; ValueError if it can be none, by a strict part of git-check-ref-format(1)."""
    is_plain = re.fullmatch(r"\w[\w.+-]*(/\w[\w.+-]*)*", value, re.ASCII)
    if not is_plain or ".." in value or value.endswith((".", ".lock")) or value == "HEAD":
        raise ValueError("is no name for a branch")
    return value


def ascii_name(given: str) -> str:
    """A host name in lower case, and in Punycode where it has other letters (RFC 5891); ValueError if it is
    none."""
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    with suppress(UnicodeError):
        name = given.encode("idna").decode("ascii").lower()
        if re.fullmatch(rf"{label}(\.{label})+", name) and not re.fullmatch(r"[\d.]+", name):
            return name
    raise ValueError(
        "must be a host name such as catalog.example.org, without scheme, port and path"
    )


def _pattern(origin: str) -> str:
    """The names of an origin, as Django writes them: `https://*.example.org` is of `.example.org`."""
    return (urlsplit(origin).hostname or "").removeprefix("*")


def _without_port(host: str) -> str:
    return host.rpartition(":")[0].lower() if re.search(r":\d+$", host) else host.lower()


def looks_like_option(address: str) -> bool:
    """Whether a program would take it, or ssh its user or host, for an option such as
    `-oProxyCommand=…`."""
    return re.match(r"(\w+://)?([^/]*@)?-", address) is not None


def is_elsewhere(target: str) -> bool:
    """Whether GHOST_DEPLOY_TARGET names another host: a colon before any slash, as for rsync."""
    return ":" in target.partition("/")[0]
