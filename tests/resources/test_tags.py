"""Tags as they are kept."""

from resources import tags


def test_tags_keep_their_joiners():
    words = ["می\u200cخواهم", "👩\u200d🔬"]

    assert tags.clean(words) == words


def test_tags_are_trimmed_and_told_apart_by_slug():
    assert tags.clean(["  Free\n film ", "free FILM", "\u200d", "", "e\u0301"]) == [
        "Free film",
        "é",
    ]
