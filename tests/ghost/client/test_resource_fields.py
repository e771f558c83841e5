"""Checksums and moments as people write them."""

import pytest

from ghost.client import SetupError, resource_fields


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (f"# none\n\n{'AB' * 16} *x", [("md5", "ab" * 16, "x")]),
        (f"{'ab' * 64}", [("sha512", "ab" * 64, "")]),
        (f"BLAKE3 (a) = {'ab' * 32}", [("blake3", "ab" * 32, "a")]),
    ],
)
def test_checksums_are_read_as_programs_write_them(text, found):
    read = resource_fields.read_checksums(text)

    assert [(each["algorithm"], each["value"], each["file"]) for each in read] == found


@pytest.mark.parametrize("text", ["nonsense", "ab" * 17, "abc  file"])
def test_checksums_that_are_none_are_refused(text):
    with pytest.raises(SetupError, match="Line 1"):
        resource_fields.read_checksums(text)


def test_moments_have_a_zone():
    assert resource_fields.read_moment("2026-01-31T12:00Z") == "2026-01-31T12:00:00+00:00"
    assert resource_fields.read_moment("2026-01-31T12:00+02:00") == "2026-01-31T12:00:00+02:00"
    assert resource_fields.read_moment("2026-01-31T12:00")[-6] in "+-"
    with pytest.raises(SetupError):
        resource_fields.read_moment("tomorrow")
