"""What is kept of a change: what differs, bounded, and no secret."""

from ghost.core.audit import trail


def test_long_texts_are_cut_and_secrets_hidden():
    before, after = {"a": "x" * 5000, "password": "1"}, {"a": "y", "password": "2"}

    found = trail.difference(before, after)

    assert found["a"] == ["x" * 2000 + "… (5000 characters)", "y"]
    assert found["password"] == [trail.HIDDEN, trail.HIDDEN]


def test_a_long_list_is_cut_as_a_long_text_is():
    short, long = [{"a": "x"}], [{"file": "x" * 100} for _ in range(100)]

    changes = trail.difference({"checksums": short}, {"checksums": long})["checksums"]

    assert changes[0] == short
    assert len(changes[1]) < trail.MAX_CHARS + 50
    assert changes[1].startswith('[{"file": "xxx')
