"""Seasons and episodes as titles write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghost.core.text.folding import fold
from ghost.torznab import numbering

FIFTH = """S1E5|S01.E05|S01E05|s01 e05|1x05|Season 1 Episode 5|Season.1.Episode.5|S01E01-E06|S01E01-06|S01E04E05
1x04-1x06|第1季第5集|第一季 第五集|Saison 1 Episode 5|1st Season Ep 5|S01 - 05|Season 1 - 05|S01E05v2
S01E05.1080p.x264|S1.Ep.05|1x5|1x4-1x6|S01xE05|T01E05|S01E04/05|Season One Episode Five|First Season Episode 5
S01 E01 to E06"""
PACKS = """S01|Season 1|Season.01|S01.COMPLETE|S01-S05|S01-05|S01S02|Season 1-5|Seasons 1 to 5|Season 1, 2 & 3|Series 1
The Complete Series|Complete TV Series|第1-3季|第一季|全5季"""
OTHERS = """S01E50|S10E05|S01E15|S11|1x50|Season 10|Season 1 Episode 50|S02-S05|2x05|第1季第50集|第11季|1920x1080
S01E06-E09|Show 2026.01.05|Big Buck 05|Series finale|S01E01 - 1080p|Seasons 2-4|Complete Series S02-S03|E05
T2 Judgment Day|1x6|Season Two Episode Five|Second Season Episode 5"""


def of(text):
    return numbering.of(fold(text))


def parts(text):
    return text.replace("\n", "|").split("|")


@pytest.mark.parametrize("title", parts(FIFTH))
def test_all_ways_to_write_an_episode_are_one(title):
    wanted = of("S01E05")

    assert of(f"Some Show {title} Foo").covers(wanted)
    assert of(f"Some Show {title}").covers(of("Season 1"))
    assert not of(f"Some Show {title}").covers(of("S01E50"))
    assert not of(f"Some Show {title}").covers(of("S10"))


@pytest.mark.parametrize("title", parts(PACKS))
def test_a_pack_has_each_season_and_each_of_its_episodes(title):
    assert of(title).covers(of("S01"))
    assert of(title).covers(of("S01E05"))
    assert not of(title).covers(of("E05"))


@pytest.mark.parametrize("title", parts(OTHERS))
def test_what_only_looks_alike_is_another(title):
    assert not of(title).covers(of("S01E05"))


@pytest.mark.parametrize(
    "title", ["News 2026-11-29", "News.2026.11.29", "News 20261129", "新闻 2026年11月29日"]
)
def test_all_ways_to_write_a_day_are_one(title):
    day = numbering.Numbering(days=frozenset({(2026, 11, 29)}))

    assert of(title).covers(day)
    assert of(title).covers(of("S2026"))
    assert not of("News 2026-11-28").covers(day)


@settings(max_examples=50)
@given(st.text(alphabet="s01ex5 -.第季集season十", max_size=30))
def test_each_text_is_read_and_covers_itself(text):
    found, _rest = numbering.read(fold(text))

    assert found.covers(found)
