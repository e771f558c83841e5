"""What pages say of resources that are not their own, cut out by the marks of the layouts."""

import json

import pytest

from builds.removals import html_cuts

LISTED = b"""<ol class="rows">
<li data-resource="1">
<a href="/resources/1/">One</a>
</li>
<li data-resource="12">
<a href="/resources/12/">Twelve</a>
</li>
</ol>
"""


def linked(**data) -> bytes:
    body = json.dumps(data, separators=(",", ":"))
    return f'<b data-resource="1"><script type="application/ld+json">{body}</script>'.encode()


def test_rows_go_and_their_neighbours_stay():
    without_one = html_cuts.without(LISTED, {1})

    assert html_cuts.named(LISTED) == {1, 12}
    assert without_one == LISTED.replace(
        b'<li data-resource="1">\n<a href="/resources/1/">One</a>\n</li>\n', b""
    )
    assert html_cuts.without(LISTED, {1, 12}) == b'<ol class="rows">\n</ol>\n'


def test_a_page_that_names_none_of_them_stays_as_it_is():
    assert html_cuts.without(LISTED, {2}) == LISTED


def test_a_notice_goes_with_its_last_link_and_only_then():
    notice = b'<div class="notice" role="note">\n<p>Newer:</p>\n<ul>\n%s</ul>\n</div>\n'
    one, two = (b'<li data-resource="%d">x</li>\n' % pk for pk in (1, 2))

    assert html_cuts.without(notice % one, {1}) == b""
    assert html_cuts.without(notice % (one + two), {1}) == notice % two


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"@id": "https://host.example/resources/1/"}, None),
        ([{"@id": "https://host.example/resources/1/"}, {"@id": "/resources/2/"}], [2]),
        ([{"@id": "https://host.example/resources/2/"}], [2]),
    ],
)
def test_linked_data_names_it_no_more(given, left):
    page = html_cuts.without(linked(name="<A> & B", **{"dcterms:replaces": given}), {1})

    body = page.split(b'ld+json">')[1]
    told = json.loads(body.removesuffix(b"</script>"))
    found = [int(each["@id"].split("/")[-2]) for each in told.get("dcterms:replaces", [])]
    assert (told["name"], found or None) == ("<A> & B", left)
    assert b"<" not in body.removesuffix(b"</script>")


def test_a_page_tells_its_lists_and_its_torrent(configure):
    configure(public_baseurl="https://host.example/repo/", site_languages=("en", "zh-hans"))
    page = (
        b'<a data-list rel="tag" href="/repo/zh-hans/tags/caf%C3%A9/">x</a>'
        b'<a class="button quiet" type="application/x-bittorrent" href="/repo/torrents/ab.torrent">'
    )

    assert html_cuts.lists(page) == {"tags/caf\u00e9/"}
    assert html_cuts.torrents(page) == {"torrents/ab.torrent"}
