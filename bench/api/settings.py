"""Ghost's settings, with one more address: see urls.py."""

from ghost.settings import *  # noqa: F403

ROOT_URLCONF = "api.urls"
