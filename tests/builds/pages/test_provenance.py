from __future__ import annotations

import pytest

from builds.data.body import Body
from builds.pages import provenance
from tests import make

HEX = "ab" * 32


def body(*checksums: dict[str, str]) -> Body:
    return Body("", [], 0, [], list(checksums))


def sum_of(file: str = "", value: str = HEX, algorithm: str = "sha256") -> dict[str, str]:
    return {"algorithm": algorithm, "value": value, "file": file}


def test_what_nobody_told_is_not_shown():
    assert provenance.shown(make.entry(), body()) == {}


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("MIT", [("MIT", "MIT")]),
        ("GPL-2.0+", [("GPL-2.0+", "GPL-2.0")]),
        (
            "(MIT OR Apache-2.0) AND LicenseRef-Ours",
            [("(", None), ("MIT", "MIT"), (" OR ", None), ("Apache-2.0", "Apache-2.0"),
             (") AND LicenseRef-Ours", None)],
        ),
        (
            "GPL-3.0-only WITH Classpath-exception-2.0",
            [("GPL-3.0-only", "GPL-3.0-only"), (" WITH ", None),
             ("Classpath-exception-2.0", "Classpath-exception-2.0")],
        ),
    ],
)  # fmt: skip
def test_licences_on_the_list_are_linked_and_no_word_is_lost(expression, wanted):
    links = {name: f"https://spdx.org/licenses/{name}.html" for _, name in wanted if name}

    found = provenance.licence(expression)

    assert [(each["text"], each.get("url")) for each in found] == [
        (text, links.get(name)) for text, name in wanted
    ]
    assert "".join(each["text"] for each in found) == expression


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://example.org/", "example.org"),
        ("http://example.org/a?b=c", "example.org/a?b=c"),
        ("https://example.org/" + "x" * 80, "example.org/" + "x" * 47 + "…"),
    ],
)
def test_a_source_is_read_without_its_scheme_and_cut(url, wanted):
    assert provenance.source(url) == {"url": url, "text": wanted}


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "ftp://example.org/", "//a.b/", "x"])
def test_what_is_no_address_of_the_web_is_not_linked(url):
    assert provenance.source(url) == {}


def test_checksums_are_lines_as_the_tools_check_them():
    told = [
        sum_of("b.iso"),
        sum_of("a/c d.txt", "cd" * 32),
        sum_of(value="e" * 32, algorithm="md5"),
    ]

    assert provenance.checksums(told) == [
        {"id": "sums-sha256", "name": "SHA-256", "lines": f"{HEX}  b.iso\n{'cd' * 32}  a/c d.txt"},
        {"id": "sums-md5", "name": "MD5", "lines": "e" * 32},
    ]


@pytest.mark.parametrize(
    ("files", "told", "wanted"),
    [
        (1, [sum_of()], HEX),
        (2, [sum_of("a")], ""),
        (1, [sum_of("a"), sum_of("b")], ""),
        (1, [], ""),
    ],
)
def test_the_sum_of_the_whole_is_that_of_a_work_of_one_file(files, told, wanted):
    assert provenance.shown(make.entry(file_count=files), body(*told)).get("sha256", "") == wanted
