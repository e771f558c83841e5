"""The fixtures of tests/resources, for stories about publishers."""

from tests.resources.conftest import call, prober  # noqa: F401  # fixtures
