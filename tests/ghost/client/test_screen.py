"""What is shown, and how it fits."""

import pytest

from ghost.client import screen
from tests import make


@pytest.mark.parametrize(
    ("text", "width", "fits"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("片名很长", 5, "片名…")]
)
def test_texts_are_cut_to_the_columns_of_a_terminal(text, width, fits):
    assert screen.fitted(text, width) == fits


def test_texts_move_no_cursor():
    assert screen.shown("a\x1b[2Jb\u202ec") == "a [2Jb c"


@pytest.mark.django_db(transaction=True)
def test_a_fault_is_told_once_with_its_field(ghost, token):
    row = make.resource(publisher=token)

    status, _out, err = ghost("update", row.pk, "--set", "supersedes=999")

    assert status == 1
    assert err.splitlines()[0] == "ghost: supersedes_id: You have no such resource."
    assert err.count("You have no such resource.") == 1
