"""Ghost's settings, with one more address: see api_urls."""

from ghost.settings import *  # noqa: F403

ROOT_URLCONF = "api_urls"
