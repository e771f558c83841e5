"""Reasons: stored as codes, said in the language of whoever reads them."""

import json

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy, ngettext_lazy

from ghost.core.text import reasons
from ghost.core.text.reasons import NONE, Reason, ReasonCode


@pytest.fixture(autouse=True)
def codes(monkeypatch):
    """What a test defines is gone after it."""
    monkeypatch.setattr(reasons, "CODES", dict(reasons.CODES))


def test_a_reason_is_said_in_the_active_language():
    reason = ReasonCode("test.age", gettext_lazy("The server answered %(number)s."))(number=503)

    with translation.override("zh-hans"):
        chinese = str(reason)

    assert (str(reason), chinese) == ("The server answered 503.", "服务器应答了 503。")


def test_a_number_decides_between_one_and_many_and_is_shown_with_thousands_apart():
    found = ReasonCode(
        "test.found",
        ngettext_lazy("%(number)s resource imported", "%(number)s resources imported", "number"),
    )

    said = [str(found(number=number)) for number in (1, 2, 12_000)]

    assert said == ["1 resource imported", "2 resources imported", "12,000 resources imported"]


def test_a_fraction_is_shown_without_needless_digits():
    slow = ReasonCode("test.slow", "after %(seconds)s s")

    assert [str(slow(seconds=s)) for s in (0.5, 25.0)] == ["after 0.5 s", "after 25 s"]


def test_english_is_said_whatever_the_active_language():
    reason = ReasonCode("test.slow", gettext_lazy("It came too slowly."))()

    with translation.override("zh-hans"):
        assert reason.english == "It came too slowly."


def test_what_is_stored_is_read_again():
    reason = Reason("test.any", {"name": "Déjà “vu”", "number": 3, "seconds": 0.5})

    assert (reasons.read(reason.stored()), reasons.read(NONE.stored())) == (reason, NONE)
    assert json.loads(reason.stored())["code"] == "test.any"


@pytest.mark.parametrize(
    "text",
    ["plain words", "100 % sure %(name)s", "[1]", '{"code": 1}', '{"code": "x", "params": {"a": []}}',
     '{"code": "x", "params": {}, "more": 1}', '{"code": "", "params": {}}', "3", "[" * 100_000,
     r'{"code": "words", "params": {"words": "\ud800"}}', r'{"code": "\udfff", "params": {}}'],
    ids=lambda text: text[:60],
)  # fmt: skip
def test_any_other_text_is_somebodys_words(text):
    assert str(reasons.read(text)) == text


@pytest.mark.parametrize(
    "stored",
    ['{"code": "older.code", "params": {"name": "x"}}', '{"code": "test.named", "params": {}}'],
    ids=["code", "parameters"],
)
def test_what_another_version_wrote_is_shown_with_its_code(stored):
    ReasonCode("test.named", "%(name)s is gone")

    said = str(reasons.read(stored))

    assert "doesn't know" in said
    assert reasons.read(stored).code in said


def test_no_reason_is_empty_and_false():
    assert (bool(NONE), str(NONE), NONE.stored(), NONE.plain()) == (False, "", "", "")
    assert reasons.words("") == NONE


def test_two_reasons_never_share_a_code():
    ReasonCode("test.once", "once")

    with pytest.raises(ValueError, match=r"test\.once"):
        ReasonCode("test.once", "twice")


def test_texts_among_the_parameters_are_cleaned():
    reason = Reason("test.any", {"name": "/srv/x", "number": 3})

    assert reason.cleaned(lambda text: text.replace("/srv", "<work>")).params == {
        "name": "<work>/x",
        "number": 3,
    }


def test_plain_reasons_among_values_are_put_into_words():
    ReasonCode("test.named", "%(name)s is gone")
    reason = Reason("test.named", {"name": "Ada"})

    said = reasons.put_into_words({"error": reason.plain(), "counts": {"ok": 1}, "none": ""})

    assert said == {"error": "Ada is gone", "counts": {"ok": 1}, "none": ""}
    assert reasons.put_into_words(None) is None


def test_a_reason_in_a_reason_is_said_with_it_and_read_again():
    inner, outer = (
        ReasonCode("test.inner", gettext_lazy("done")),
        ReasonCode("test.outer", "%(name)s: %(why)s"),
    )
    reason = outer(name="/srv/x", why=inner())

    stored = reason.stored()

    with translation.override("zh-hans"):
        assert str(reasons.read(stored)) == "/srv/x: 完成"
    assert reasons.from_plain(json.loads(stored)) == reason
    assert str(reason.cleaned(lambda text: text.replace("/srv", "<work>"))) == "<work>/x: done"


def test_a_list_of_plain_reasons_is_one_text():
    named = ReasonCode("test.listed", "%(name)s is gone")
    gone = [named(name=name).plain() for name in ("Ada", "Eve")]

    said = reasons.put_into_words({"said": gone, "others": [1, 2], "none": []})

    assert said == {"said": "Ada is gone\nEve is gone", "others": [1, 2], "none": []}


def test_lines_that_are_stored_reasons_are_put_into_words():
    named = ReasonCode("test.lined", "%(name)s is gone")

    said = reasons.put_lines_into_words(f"Total in 3 ms\n{named(name='Ada').stored()}\n\n7")

    assert said == "Total in 3 ms\nAda is gone\n\n7"
