"""Links as people paste them: read, brought to one spelling, or named in the notes; never half of one."""

import quopri
import time
from contextlib import suppress
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghost.core.errors import RefusedError
from resources.torrents import link_addresses, magnets

V1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
OTHER = "b" * 40
XT = f"xt=urn:btih:{V1}"
LINK = f"magnet:?{XT}&dn=A+B&tr=http%3A%2F%2Ft.example%2Fannounce&ws=https%3A%2F%2Fw.example%2Fa"
WHOLE = magnets.Magnet(
    v1=V1, v2=None, name="A B", trackers=("http://t.example/announce",),
    web_seeds=("https://w.example/a",),
)  # fmt: skip


def _told(magnet):
    return "\n".join(str(note) for note in magnet.notes)


@pytest.mark.parametrize(
    "text",
    [
        LINK.replace("&", "&amp;"),
        LINK.replace("&", "&AMP;"),
        LINK.replace("&", "&amp;amp;"),
        LINK.replace("&", "&#38;"),
        LINK.replace("&", "&#038;"),
        LINK.replace("&", "&#x26;"),
        LINK.replace("&", "&&"),
        f'"{LINK}"',
        f"'{LINK}'",
        f"<{LINK}>",
        f"({LINK})",
        f"“{LINK}”",
        f"&lt;{LINK}&gt;",
        f"&quot;{LINK}&quot;",
        f"{LINK}.",
        f"{LINK},\n",
        f'href="{LINK.replace("&", "&amp;")}"',
        f"<a class=x href={LINK}></a>",
        f"<a href='{LINK}'><img src=/magnet.png></a>",
        f"\ufeff\u200b{LINK}\u200b",
        LINK.replace("magnet:?", "MAGNET:?"),
        LINK.replace("magnet:?", "magnet://?"),
        LINK.replace("magnet:?", "magnet:/?"),
        LINK.replace("xt=", "xt.1=").replace("tr=", "TR.1=").replace("ws=", "ws[]="),
        LINK.replace("btih:c12f", "btih:c12f\r\n    "),
        LINK.replace("announce", "ann\n> ounce"),
        LINK.replace("dn=", "d\nn="),
        LINK.replace("A+B", "A \nB"),
        LINK.replace("A+B", "A B"),
        LINK.replace("A+B", "A%20B"),
        LINK.replace("A+B", "A\u00a0B"),
        LINK.replace("A+B", "A\u00ad+B"),
        quote(LINK, safe=""),
        quote(quote(LINK, safe=""), safe=""),
        quote(LINK, safe="").replace("%3A", "%3a"),
        LINK.replace("http%3A%2F%2Ft", "http%253A%252F%252Ft"),
        LINK.replace("http%3A%2F%2Ft.example", "HTTP%3A%2F%2FT.Example"),
        LINK.replace("http%3A%2F%2Ft.example%2F", "http://t.example/"),
        LINK.replace("tr=", "tr=&tr="),
        LINK + "&",
        LINK + "&=&xl=",
    ],
)
def test_read_takes_a_link_out_of_what_it_was_copied_with(text):
    magnet = magnets.parse(text)

    assert magnet == WHOLE
    assert magnet.notes == ()


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("dn=Tom%20%26%20Jerry", "Tom & Jerry"),
        ("dn=Tom & Jerry", "Tom & Jerry"),
        ("dn=Tom &amp; Jerry", "Tom & Jerry"),
        ("dn=Schitt&#x27;s+Creek", "Schitt's Creek"),
        ("dn=Schitt&apos;s+Creek", "Schitt's Creek"),
        ("dn=C%2B%2B+Primer", "C++ Primer"),
        ("dn=C++%20Primer", "C++ Primer"),
        ("dn=C++ Primer", "C++ Primer"),
        ("dn=100%", "100%"),
        ("dn=100%25", "100%"),
        ("dn=Film+(2008)", "Film (2008)"),
        ("dn=Wait...", "Wait..."),
        ("dn=a=b", "a=b"),
        ("dn=电影", "电影"),
        ("dn=" + quote("电影"), "电影"),
    ],
)
def test_read_has_the_name_that_was_meant(part, name):
    magnet = magnets.parse(f"magnet:?{XT}&{part}")

    assert magnet.name == name
    assert magnet.notes == ()


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("http://a.example/announcehttp://b.example/announce", ("http://a.example/announce", "http://b.example/announce")),
        ("http://a.example/x,udp://b.example:1", ("http://a.example/x", "udp://b.example:1")),
        ("http://a.example/x udp://b.example:1", ("http://a.example/x", "udp://b.example:1")),
        ("http://a.example/x\nudp://b.example:1", ("http://a.example/x", "udp://b.example:1")),
        ("http://a.example/x\r\n  udp%3A//b.example:1", ("http://a.example/x", "udp://b.example:1")),
        ("http%3A%2F%2Fa.example%2Fx%0Audp%3A%2F%2Fb.example%3A1", ("http://a.example/x", "udp://b.example:1")),
        ("http://a.example/?u=http://b.example/", ("http://a.example/?u=http://b.example/",)),
        ("http://a.example/a b", ("http://a.example/a%20b",)),
        ("http://a.example/a+b", ("http://a.example/a+b",)),
        ("http%3A%2F%2Fa.example%2Fa+b", ("http://a.example/a%20b",)),
        ("http%3A%2F%2Fa.example%2Fa%2520b", ("http://a.example/a%20b",)),
        ("http://a.example/é", ("http://a.example/%C3%A9",)),
        ("http%3A%2F%2Fa.example%2F%E9", ("http://a.example/%E9",)),
        ("http://BÜCHER.example/x", ("http://xn--bcher-kva.example/x",)),
        ("http://例え。テスト:80/x", ("http://xn--r8jz45g.xn--zckzah:80/x",)),
        ("UDP://T.Example:80", ("udp://t.example:80",)),
    ],
)  # fmt: skip
def test_read_brings_addresses_to_one_spelling(value, urls):
    magnet = magnets.parse(f"magnet:?{XT}&tr={value}")

    assert magnet.trackers == urls
    assert magnet.notes == ()


@pytest.mark.parametrize(
    ("part", "told", "why"),
    [
        ("so=0,2-4", "so=0,2-4", "not kept"),
        ("x.pe=203.0.113.1:80", "x.pe=203.0.113.1:80", "peers"),
        ("as=http%3A%2F%2Fa.example", "as=http://a.example", "not kept"),
        ("xs=http://a.example/x", "xs=http://a.example/x", "not kept"),
        ("kt=a+b", "kt=a b", "not kept"),
        ("mt=http://a.example", "mt=http://a.example", "not kept"),
        ("xt=urn:ed2k:31D6CFE0D16AE931B73C59D7E0C089C0", "urn:ed2k:31D6", "no BitTorrent hash"),
        ("xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C", "urn:sha1:YNCK", "no BitTorrent hash"),
        ("xl=many", "xl=many", "no size"),
        ("xl=-1", "xl=-1", "no size"),
        ("dn=%ff%fe", "dn=\ufffd\ufffd", "UTF-8"),
        ("dn=a&dn=b", "dn=b", "before"),
        ("dn=" + "x" * 300, "cut to 255", ""),
        ("tr=http://10.0.0.1/", "tr=http://10.0.0.1/", "private network"),
        ("tr=http://１２７.０.０.１/", "tr=http://", "private network"),
        ("tr=http://nas/", "tr=http://nas/", "private network"),
        ("tr=gopher://a.example/", "tr=gopher://a.example/", "kind"),
        ("tr=t.example:80", "tr=t.example:80", "kind"),
        ("ws=ftp://a.example/", "ws=ftp://a.example/", "kind"),
        ("tr=http://a@b.example/", "tr=http://a@b.example/", "alike"),
        ("tr=http://a.example\\b/", "tr=http://a.example\\b/", "alike"),
        ("tr=http://a.example/\\b", "tr=http://a.example/\\b", "alike"),
        ("tr=http://a.example:x/", "tr=http://a.example:x/", "alike"),
        ("tr=http://\u2260\u20e0.example/", "tr=http://", "DNS"),
    ],
)
def test_read_names_what_is_left_out_and_why(part, told, why):
    magnet = magnets.parse(f"magnet:?{XT}&{part}")

    [note] = magnet.notes
    assert told in str(note)
    assert why in str(note)


def test_read_names_the_words_around_a_link():
    magnet = magnets.parse(f'See <a href="{LINK}" rel=nofollow>the film</a>')

    assert magnet == WHOLE
    assert _told(magnet) == "Left out: the text around the magnet link (See the film)."


def test_read_names_trackers_for_which_there_is_no_room():
    trackers = "".join(f"&tr=http://t{n}.example/{'é' * 200}" for n in range(16))

    magnet = magnets.parse(f"magnet:?{XT}{trackers}")

    assert len(magnet.uri()) <= magnets.MAX_BYTES
    assert len(magnet.trackers) + len(magnet.notes) == 16
    assert "8,192 bytes" in _told(magnet)


def test_read_counts_what_is_more_than_a_reader_wants_to_know():
    magnet = magnets.parse(f"magnet:?{XT}" + "".join(f"&x.pe=203.0.113.1:{n}" for n in range(50)))

    assert len(magnet.notes) == magnets.MOST_NOTES + 1
    assert "30 more parts of the magnet link are left out: x.pe=203.0.113.1:20; x.pe=" in _told(
        magnet
    )
    assert "; x.pe=203.0.113.1:49." in _told(magnet)


@pytest.mark.parametrize(
    ("text", "name", "tracker"),
    [
        ("dn=a&tr=http://a.example/ann=\nounce", "a", "http://a.example/announce"),
        ("dn=a&tr=\nhttp://a.example/ann=\r\nounce", "a", "http://a.example/announce"),
        ("dn=a&tr.1=\nhttp://a.example/x", "a", "http://a.example/x"),
        ("dn=a&tr=http://a.example/an\tnounce", "a", "http://a.example/announce"),
        ("dn=Foo\nBar", "Foo Bar", None),
        ("dn=Foo\tBar", "Foo Bar", None),
        ("dn=Big Buck\nBunny", "Big Buck Bunny", None),
        ("dn=Big+Buck+Bu\nnny", "Big Buck Bunny", None),
        ("dn=debian-13-am\nd64.iso", "debian-13-amd64.iso", None),
    ],
)
def test_read_takes_out_what_mails_put_into_a_line(text, name, tracker):
    magnet = magnets.parse(f"magnet:?{XT}&{text}")

    assert (magnet.name, magnet.trackers) == (name or "", (tracker,) if tracker else ())
    assert magnet.notes == ()


def test_read_takes_a_link_in_quoted_printable():
    link = f"magnet:?{XT}&dn=Amélie%20é&tr=http://a.example/announce"

    magnet = magnets.parse(quopri.encodestring(link.encode()).decode())

    assert magnet == magnets.parse(link)


SECOND = f"magnet:?xt=urn:btih:{OTHER}&dn=b"


@pytest.mark.parametrize(
    "text",
    [
        f"{LINK} {SECOND}",
        f"{LINK}\n{SECOND}",
        f"{LINK}{SECOND}",
        f"{LINK}&dn={SECOND}",
        f"{LINK}&tr={SECOND}",
        f"magnet:?{XT}&dn={quote(SECOND, safe='')}&tr=http://a.example",
        f"magnet:?{XT}&dn={quote_plus(SECOND)}",
        f"{LINK}&tr={quote(quote(SECOND, safe=''), safe='')}",
        f"{LINK}&ws=https://x.example/?u={quote(SECOND, safe='')}",
        f"{quote(LINK, safe='')} {quote(SECOND, safe='')}",
        f'<a href="{LINK}">a</a><a href="{SECOND}">b</a>',
        f"{LINK}&xt=urn:btih:{OTHER}",
        f"{LINK} {SECOND.replace('magnet:?', 'MAGNET://?')}",
    ],
)
def test_read_refuses_two_links_and_names_both(text):
    with pytest.raises(RefusedError, match=V1) as caught:
        magnets.parse(text)

    assert OTHER in str(caught.value)
    assert caught.value.field == "magnet_uri"


def test_read_refuses_a_link_hidden_in_a_name():
    with pytest.raises(RefusedError, match="two magnet links"):
        magnets.parse(f"magnet:?{XT}&dn=%6dagnet:?xt=urn:btih:{OTHER}")


@pytest.mark.parametrize("between", [" ", "\n", "&dn=", ""])
def test_read_puts_links_of_one_torrent_together_and_says_so(between):
    again = f"magnet:?{XT.upper().replace('XT', 'xt')}&tr=udp%3A%2F%2Fu.example%3A1"

    magnet = magnets.parse(f"{LINK}{between}{again}")

    assert magnet.trackers == (*WHOLE.trackers, "udp://u.example:1")
    assert (magnet.v1, magnet.name) == (V1, "A B")
    assert "2 magnet links of the same torrent" in _told(magnet)


SIGNS = "&=%?:;,.+ \n\t<>\"'()\\/#@é电\u200b\ufeff\x00"
PIECES = st.sampled_from(
    [
        "magnet:?", "magnet%3A%3F", XT, f"xt=urn:btih:{OTHER}", "dn=", "tr=", "ws=", "xl=", "&amp;", "&#38;", "so=1",
        "http://a.example/", "http%3A%2F%2Fb.example", "udp://c.example:1", "%25", "%ff", "x.pe=", "tr.1=", "&",
    ]
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(PIECES, st.text(alphabet=SIGNS, max_size=3), st.text(max_size=4)), max_size=20
)


def _read(text):
    """What is read of it, or the sentence that refuses it."""
    try:
        return magnets.parse(text)
    except RefusedError as error:
        return str(error)


@settings(max_examples=50)
@given(st.booleans(), TEXTS)
def test_what_is_read_once_is_read_the_same_for_ever(is_link, pieces):
    text = "".join(["magnet:?", XT, "&", *pieces] if is_link else pieces)

    found = _read(text)

    assert found
    if isinstance(found, magnets.Magnet):
        again = magnets.parse(found.uri())
        assert again == found
        assert (again.uri(), again.notes) == (found.uri(), ())


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzé电", min_size=3, max_size=12)
KEYS = st.sampled_from(["dn", "tr", "ws", "xl", "so", "kt", "xs", "as", "mt", "x.pe", "xt", "zz"])


@settings(max_examples=50)
@given(st.lists(st.tuples(KEYS, WORDS), max_size=8), st.sampled_from(["&", "&amp;", "&#38;"]))
def test_all_parts_are_in_the_link_or_in_the_notes(parts, between):
    text = "magnet:?" + between.join([XT, *(f"{key}={quote(word)}" for key, word in parts)])

    magnet = magnets.parse(text)

    found = f"dn={magnet.name}\n{_told(magnet)}"
    assert all(f"{key}={word}" in found for key, word in parts)


@pytest.mark.parametrize(
    "piece",
    ["<", "&", "&amp", "&amp;", "%25", "magnet:?", "magnet%3a%3f", "\n> ", "http://", "\n", "(", "é.", "dn=&", "&#", ">", "[", "x,"],
)  # fmt: skip
def test_reading_takes_linear_time(piece):
    def cost_s(size):
        text = f"magnet:?{XT}&tr=http://a.example/" + piece * (size // len(piece.encode()))
        return min(_cost_s(text) for _ in range(5))

    cost_s(100)
    # Eight times as much may take eight times as long, and as much again for a machine that is busy.
    assert cost_s(8000) < 16 * cost_s(1000) + 0.02


def _cost_s(text):
    started = time.process_time()
    with suppress(RefusedError):
        magnets.parse(text)
    return time.process_time() - started


@pytest.mark.parametrize("sign", [" ", ",", ";", "|", "\t"])
def test_a_run_of_signs_in_an_address_takes_linear_time(sign):
    began = time.process_time()

    link_addresses.read([f"http://a.example{sign * 200_000}b"], link_addresses.TRACKER_SCHEMES)

    assert (
        time.process_time() - began < 2
    )  # some ten minutes if each place of the run is tried to its end


@pytest.mark.parametrize(
    "between",
    ["tr=", "%26tr%3D", "/", " ", ",", "", "%0A", "tr.2="],
    ids=lambda sign: sign or "none",
)
def test_trackers_run_together_are_two(between):
    link = f"magnet:?{XT}&tr=http://a.example/announce{between}http://b.example/announce"

    assert magnets.parse(link).trackers == (
        "http://a.example/announce",
        "http://b.example/announce",
    )


def test_a_bare_ampersand_is_a_sign_of_a_web_seed_and_what_belongs_to_nothing_is_named():
    seed = magnets.parse(f"magnet:?{XT}&ws=http://a.example/Tom & Jerry.iso")
    lost = magnets.parse(f"magnet:?{XT}&tr=http://a.example/x&lost")

    assert seed.web_seeds == ("http://a.example/Tom%20&%20Jerry.iso",)
    assert (seed.notes, [note.params["part"] for note in lost.notes]) == ((), ["lost="])


@pytest.mark.parametrize("before", [";", "&amp", "&"])
def test_parts_after_a_semicolon_or_a_broken_entity_are_parts(before):
    link = magnets.parse(f"magnet:?{XT}&dn=Foo{before}tr=http://a.example/announce")

    assert (link.name, link.trackers) == ("Foo", ("http://a.example/announce",))


@pytest.mark.parametrize(
    "hidden",
    [
        "magnet:///?xt=urn:btih:",
        "magnet :?xt=urn:btih:",
        "ｍａｇｎｅｔ：？xt=ｕｒｎ:btih:",
        "xt%3Durn%3Abtih%3A",
        "urn:btih: ",
    ],
)
def test_a_second_hash_in_a_name_is_a_second_link(hidden):
    with pytest.raises(RefusedError, match="two magnet links"):
        magnets.parse(f"magnet:?{XT}&dn={quote(hidden)}{'c' * 40}")
