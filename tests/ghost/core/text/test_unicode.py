"""Words in one line."""

import pytest

from ghost.core.text.unicode import one_line


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  a\n b\tc ", "a b c"),
        ("e\u0301", "é"),
        ("rtl\u202egpj.exe", "rtl gpj.exe"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("\u200d \u200c", ""),
        ("\ufeff\u200b", ""),
    ],
)
def test_one_line_keeps_what_is_written_and_nothing_else(typed, shown):
    assert one_line(typed) == shown
