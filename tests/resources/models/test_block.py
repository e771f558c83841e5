"""Blocked hashes."""

import pytest

from resources.models import Block

pytestmark = pytest.mark.django_db


def test_block_takes_any_spelling():
    block = Block(info_hash="  " + "A" * 40)

    block.full_clean()

    assert block.info_hash == "a" * 40
