"""Django's settings. Every value that an operator may set comes from `ghost.core.config`."""

from __future__ import annotations

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from ghost.core.config import database, mail_server
from ghost.core.config.env import BASE_DIR, load, make_folder, secret
from ghost.core.config.version import VERSION
from ghost.core.io import files
from ghost.core.logs import masking
from ghost.core.logs.configuration import configuration

django_stubs_ext.monkeypatch()  # `ModelForm[Resource]` works at run time too

files.keep_private()  # web, worker and every command come this way
GHOST = load()

# The implementation of `resources.publishing.prober`: see docs/decisions/0022-settings-strings.md.
PROBER = "dht.prober.LibtorrentProber"

SECRET_KEY = secret(GHOST, "secret_key")
TOKEN_PEPPER = secret(GHOST, "token_pepper")
masking.learn([*masking.secrets_of(GHOST), SECRET_KEY, TOKEN_PEPPER])
DEBUG = GHOST.debug
ALLOWED_HOSTS = [*GHOST.allowed_hosts, *filter(None, [GHOST.site_host])]
CSRF_TRUSTED_ORIGINS = list(GHOST.csrf_trusted_origins)

INSTALLED_APPS = [
    "ghost",
    "teams",
    "resources",
    "dht",
    "builds",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "ghost.apps.AdminSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "ninja",
    "django_q",
]

# What every answer carries stands outside of what makes answers of its own.
MIDDLEWARE = [
    "ghost.core.http.request.request_id.RequestIdMiddleware",
    "ghost.core.http.request.request_times.RequestTimesMiddleware",
    "ghost.core.http.request.access_lines.AccessLineMiddleware",
    "ghost.core.http.transport.forwarded.ForwardedMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ghost.core.http.transport.security_headers.SecurityHeadersMiddleware",
    "ghost.core.http.transport.cache_control.CacheControlMiddleware",
    "ghost.public_site.SiteHostMiddleware",
    "ghost.torznab.errors.TorznabErrorsMiddleware",
    "ghost.core.http.problems.ProblemsMiddleware",
    "ghost.core.http.error_pages.ErrorPagesMiddleware",
    "ghost.core.http.transport.tls.TlsMiddleware",
    "ghost.core.http.transport.fetch_metadata.FetchMetadataMiddleware",
    "ghost.core.http.transport.methods.MethodsMiddleware",
    "ghost.core.http.limits.rate_limit.RateLimitMiddleware",
    "ghost.core.http.idempotency.IdempotencyMiddleware",
    "ghost.core.audit.middleware.ActorMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ghost.core.http.sessions.SessionUseMiddleware",
    "ghost.core.admin.time_zone.TimeZoneMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "ghost.accounts.operator_sessions.SessionListMiddleware",
    "ghost.accounts.requirement.SecondFactorMiddleware",
    "ghost.accounts.confirmation.ConfirmationMiddleware",
]

ROOT_URLCONF = "ghost.urls"
WSGI_APPLICATION = "ghost.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

make_folder(
    GHOST.db_path.parent,
    "db_path",
    mode=(
        files.PASSABLE_FOLDER  # readers go through it
        if GHOST.site_workdir.is_relative_to(GHOST.db_path.parent)
        else files.PRIVATE_FOLDER
    ),
)
DATABASES = {
    "default": database.settings(GHOST.database_url, GHOST.db_path, GHOST.database_patience)
}
globals().update(mail_server.settings(GHOST.email_url, GHOST.email_from))  # EMAIL_…
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# timeout < retry, and a task that ends with an error is not handed out again: what is due stands
# in our own rows, with leases, and is found there by the schedules.
Q_CLUSTER = {
    "name": "ghost",
    "label": "Tasks",
    "broker_class": (
        "ghost.core.jobs.redis_broker.RedisBroker"
        if GHOST.redis_url
        else "ghost.core.jobs.database_broker.DatabaseBroker"
    ),
    "orm": "default",
    "workers": GHOST.workers,
    "max_rss": GHOST.worker_max_memory_mb * 1024 or None,
    "queue_limit": GHOST.workers,
    "timeout": 3600,
    "retry": 4000,
    "max_attempts": 2,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 1000,
    "poll": 0.1,
    "scheduler": False,  # the watch has it: the guard asks no database
}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

PASSWORD_HASHERS = ["teams.password_hashing.TurnTakingHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "ghost.accounts.password_rules.LengthValidator"},
    {"NAME": "ghost.accounts.password_rules.GuessableValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
FORMAT_MODULE_PATH = ["ghost.formats"]
LOCALE_PATHS = [BASE_DIR / "ghost" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The admin's few files are served as they lie: no collectstatic step to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False  # the admin alone uses them

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# People are made by people, never by themselves, and are known by their name; what may be tried how
# often is counted by `ghost.accounts.attempts`, for all processes together.
PASSWORD_RESET_TIMEOUT = 1800  # seconds, as `ghost.accounts.links.reset_links` tells people
ACCOUNT_ADAPTER = "ghost.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
MFA_ADAPTER = "ghost.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = GHOST.site_title

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 8_100_000  # of a bulk request; ghost.api.root bounds the others
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "ghost.core.http.sessions"
# Behind TLS a browser takes cookies of these names from this very host alone, over TLS (RFC 6265bis,
# section 4.1.3.2); without it, it would take none of them.
_PREFIX = "__Host-" if GHOST.behind_tls else ""
SESSION_COOKIE_NAME = f"{_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{_PREFIX}django_language"
MESSAGES_COOKIE_NAME = f"{_PREFIX}messages"
MESSAGE_STORAGE = "ghost.core.http.transport.messages.MessageStorage"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = GHOST.behind_tls
SECURE_HSTS_SECONDS = 31_536_000 if GHOST.behind_tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = GHOST.hsts_include_subdomains
# What came without TLS is answered by ghost.core.http.transport.tls.

LOGGING = configuration(GHOST)


# What the sidebar and the dashboard hold is put together in ghost/admin.
UNFOLD = {
    "SITE_TITLE": "Ghost",
    "SITE_HEADER": "Ghost",
    "SITE_SUBHEADER": VERSION if GHOST.site_title == "Ghost" else f"{GHOST.site_title} · {VERSION}",
    "SITE_URL": GHOST.site_address or None,
    "SITE_ICON": lambda request: static("ghost/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("ghost/mark.svg")}
    ],
    "ACCOUNT": {"navigation": "ghost.accounts.pages.menu.account_menu"},
    "SHOW_HISTORY": True,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [lambda request: static("ghost/admin.css")],
    "SCRIPTS": [lambda request: static("ghost/admin.js")],
    "DASHBOARD_CALLBACK": "ghost.admin.dashboard.show",
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "#eefbf8",
            "100": "#d3f4ec",
            "200": "#aae8db",
            "300": "#73d5c4",
            "400": "#3fb9a8",
            "500": "#229c8d",
            "600": "#167d73",
            "700": "#15645e",
            "800": "#15504c",
            "900": "#154340",
            "950": "#052826",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "ghost.admin.sidebar.sidebar",
    },
    "COMMAND": {"search_models": "ghost.admin.sidebar.searched_models"},
}
