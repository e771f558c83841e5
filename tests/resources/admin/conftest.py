"""An operator at the browser."""

import pytest

from tests import operators


@pytest.fixture
def operator():
    return operators.client("Operator")
