"""The one magnet link that is published of a resource."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.torrents import magnets
from resources.torrents.published_links import Known, compose

V1, V2 = "ab" * 20, "cd" * 32
TRACKERS = tuple(f"udp://tracker{number}.example:80" for number in range(20))
BARE = f"magnet:?xt=urn:btih:{V1}"


@pytest.fixture
def defaults(configure):
    configure(default_trackers=TRACKERS)


def test_it_names_all_that_is_known(configure):
    configure(default_trackers=("udp://ours.example:80",))
    stored = magnets.parse(
        f"{BARE}&dn=typed&tr=udp://own.example:80&ws=https://seed.example/a"
    ).uri()

    link = magnets.parse(compose(stored, Known("Title", "its name", V2, 5)))

    assert (link.v1, link.v2, link.name, link.length) == (V1, V2, "its name", 5)
    assert link.trackers == ("udp://own.example:80", "udp://ours.example:80")
    assert link.web_seeds == ("https://seed.example/a",)


@pytest.mark.parametrize(
    ("known", "stored", "name"),
    [
        (Known("Title", "its own"), f"{BARE}&dn=typed", "its own"),
        (Known("Title"), f"{BARE}&dn=typed", "typed"),
        (Known("Title"), BARE, "Title"),
        (Known("Title", "magnet:?xt=urn:btih:" + "0" * 40), f"{BARE}&dn=typed", "typed"),
    ],
)
def test_its_name_is_the_best_that_is_known(known, stored, name):
    assert magnets.parse(compose(stored, known)).name == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("/abs", "_abs"),
        ("C:\\x", "C:_x"),
        ("..", "_"),
        (".", "_"),
        ("AC/DC", "AC_DC"),
    ],
)
def test_its_name_leads_out_of_no_folder_wherever_it_comes_from(name, shown):
    typed = magnets.Magnet(v1=V1, v2=None, name=name).uri()

    for link in (
        compose(BARE, Known("T", name)),
        compose(typed, Known("T")),
        compose(BARE, Known(name)),
    ):
        assert magnets.parse(link).name == shown
        assert link == f"{BARE}&dn={quote(shown, safe='')}"


def test_of_a_private_torrent_no_address_is_told(defaults):
    stored = magnets.parse(f"{BARE}&tr=udp://own.example:80&ws=https://seed.example/passkey").uri()

    assert compose(stored, Known("Title", is_private=True)) == f"{BARE}&dn=Title"


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # settings that all examples share
)
@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    chars=st.integers(0, 60),
    count=st.integers(0, 190),
)
def test_whatever_is_known_the_link_can_be_read(defaults, name, chars, count):
    urls = [f"https://{number}.example/{'é' * chars}" for number in range(count)]
    parts = "".join(f"&tr={quote(url)}" for url in urls)
    stored = BARE + parts
    while len(stored) > magnets.MAX_BYTES - 100:
        stored = stored[: stored.rindex("&")]
    known = Known("Title", name, V2, 2**50)

    link = compose(magnets.parse(stored).uri(), known)

    assert len(link) <= magnets.MAX_BYTES
    assert (magnets.parse(link).v1, magnets.parse(link).v2) == (V1, V2)
