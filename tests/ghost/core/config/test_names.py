"""The names of variables are a contract (operators' `.env` files): each is there, under its old name."""

from __future__ import annotations

from pathlib import Path

from ghost.core.config import env, listing

NAMES = set((Path(__file__).parent / "names_of_contract.txt").read_text().split())
LATER = {"GHOST_SITE_THEME_DIR"}
"""Names that the contract has already, and that nothing need read yet."""


def test_each_name_of_the_contract_is_read():
    known = {env.variable(field) for field in env.Env.model_fields}

    assert NAMES - LATER - known == set()
    assert LATER <= NAMES


def test_each_is_in_the_example_with_its_default():
    example = listing.example()

    assert [name for name in sorted(NAMES - LATER) if f"\n#{name}=" not in example] == []


def test_none_of_them_is_called_misspelt(monkeypatch):
    for name in NAMES - LATER:
        monkeypatch.setenv(name, "")

    assert env.unknown_variables() == []
