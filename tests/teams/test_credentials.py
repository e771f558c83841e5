"""Raw tokens: random, readable at the front, checked at the end."""

import pytest

from teams import credentials


def test_made_tokens_are_well_formed_and_differ():
    made = {credentials.make() for _ in range(100)}

    assert len(made) == 100
    assert all(credentials.is_well_formed(raw) for raw in made)
    assert {len(raw) for raw in made} == {55}


def test_one_wrong_character_is_noticed():
    raw = credentials.make()

    for place in range(len(raw)):
        wrong = raw[:place] + ("A" if raw[place] != "A" else "B") + raw[place + 1 :]
        assert not credentials.is_well_formed(wrong)


@pytest.mark.parametrize(
    "raw", ["", "ghost_", "x" * 55, "ghost_" + "数" * 49, "ghost_" + "\0" * 49]
)
def test_anything_else_is_not(raw):
    assert not credentials.is_well_formed(raw)


def test_digest_depends_on_the_pepper(settings):
    raw = credentials.make()
    before = credentials.digest(raw)

    settings.TOKEN_PEPPER = "another"

    assert credentials.digest(raw) != before
    assert len(before) == 64
