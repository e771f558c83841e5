"""The fixtures of tests/builds, for stories about the public site."""

from tests.builds.conftest import build, no_sync, one_language, serve  # noqa: F401  # fixtures
from tests.builds.faults import place  # noqa: F401  # a fixture
from tests.builds.pictures import pictures, stall  # noqa: F401  # fixtures
