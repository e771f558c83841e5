from __future__ import annotations

import time

import pytest

from builds.data import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Some *words*.", "<p>Some <em>words</em>.</p>\n"),
        ("# Title", "<h2>Title</h2>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>\n"),
        ("[a](JaVaScRiPt&colon;alert(1))", "<p>[a](JaVaScRiPt:alert(1))</p>\n"),
        ("[a](/tags/)", "<p>[a](/tags/)</p>\n"),
        ("[a](//host/x)", "<p>[a](//host/x)</p>\n"),
        ("![a cat](https://host/cat.png)", "<p>a cat</p>\n"),
        ("![a <b>](https://host/cat.png)", "<p>a &lt;b&gt;</p>\n"),
        ("{{< unknown >}}", "<p>{{&lt; unknown &gt;}}</p>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("https://host/", "<p>https://host/</p>\n"),
        (
            "[a](https://host/x 'T')",
            '<p><a href="https://host/x" title="T" rel="nofollow noopener ugc">a</a></p>\n',
        ),
        ("[a](magnet:?xt=urn:btih:00)", "<p>a</p>\n"),
    ],
)
def test_html_keeps_words_and_drops_harm(text, html):
    assert markdown.render(text).html == html


def test_html_has_tables():
    html = markdown.render("| a |\n|---|\n| 1 |").html

    assert html.replace("\n", "") == (
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("# A title\n\nSome *words*\nand [more](https://host/).", "A title Some words and more."),
        ("- one\n- two `code`", "one two code"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"),
        ("<script>x</script>", "<script>x</script>"),
        ("bell\x07 \ud800half", "bell half"),
    ],
)
def test_summary_is_plain_words_in_one_line(text, line):
    assert markdown.render(text).summary == line


def test_summary_has_at_most_240_characters():
    assert markdown.render("很长" * 200).summary == ("很长" * 120)[:239] + "…"


def test_a_quote_goes_on_over_a_line_without_its_mark():
    html = markdown.render("> a\nb").html

    assert html == "<blockquote>\n<p>a\nb</p>\n</blockquote>\n"


@pytest.mark.parametrize(
    "text",
    ["> " * 19 + "a\n" * 49_000, "> ```\na\n" * 12_000, "> ```\na\n" * 45 + ">a\n" * 30_000],
    ids=["deep", "begun anew", "long"],
)
def test_quotes_that_go_on_for_ever_take_no_longer_than_other_texts(text):
    plain = _seconds("a line of words\n" * 6_000 + "[" * 20_000)

    assert _seconds(text) < 20 * plain


def _seconds(text: str) -> float:
    start = time.thread_time()
    markdown.render(text)
    return time.thread_time() - start
