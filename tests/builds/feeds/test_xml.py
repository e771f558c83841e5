"""Texts made fit to stand in XML."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from builds.feeds import xml

CODES = [*range(0x20), 0x7F, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10FFFF]
KEPT = [0x9, 0xA, 0xD, 0x7F, 0xD7FF, 0xE000, 0xFFFD, 0x10FFFF]


def test_what_xml_can_not_hold_is_dropped_and_nothing_else():
    assert [ord(c) for c in xml.clean("".join(map(chr, CODES)))] == KEPT


@pytest.mark.parametrize("plain", ["", "书 é 🎬", '<b>&amp; "q" \' ]]>', "a\tb"])
def test_a_text_reads_back_between_tags_and_in_an_attribute(plain):
    shown = xml.text(plain)

    root = ElementTree.fromstring(f'{xml.DECLARATION}<a b="{shown}">{shown}</a>'.encode())

    assert (root.text or "") == plain
    assert root.get("b") == plain.replace("\t", " ")
