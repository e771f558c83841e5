from __future__ import annotations

import pytest

from ghost.core.errors import RefusedError
from resources.admin import checksums
from resources.provenance import HEX_DIGITS

HEX = "ab" * 32


@pytest.mark.parametrize("algorithm", HEX_DIGITS)
@pytest.mark.parametrize("file", ["", "a.iso", "a b/c  d.iso"])
def test_what_is_written_is_read_again(algorithm, file):
    told = [{"algorithm": algorithm, "value": "ab" * (HEX_DIGITS[algorithm] // 2), "file": file}]

    assert checksums.read(checksums.lines(told)) == told


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f"{HEX}  a.iso", ("sha256", HEX, "a.iso")),
        (f"{HEX} *a b.iso", ("sha256", HEX, "a b.iso")),
        (f"  {HEX.upper()}  ", ("sha256", HEX.upper(), "")),
        (f"sha256 {HEX} a.iso", ("sha256", HEX, "a.iso")),
        (f"BLAKE3: {HEX}", ("blake3", HEX, "")),
        (f"SHA256 (a (1).iso) = {HEX}", ("sha256", HEX, "a (1).iso")),
        ("ab" * 16, ("md5", "ab" * 16, "")),
        ("ab" * 20, ("sha1", "ab" * 20, "")),
        ("ab" * 64, ("sha512", "ab" * 64, "")),
    ],
)
def test_lines_of_the_usual_tools_are_read(line, wanted):
    assert checksums.read(f"\n{line}\n\n") == [
        dict(zip(("algorithm", "value", "file"), wanted, strict=True))
    ]


@pytest.mark.parametrize("line", ["x", "ab" * 24, f"sha3:{HEX}", f"{HEX}x a", f"a.iso {HEX}"])
def test_a_line_that_is_no_checksum_is_named(line):
    with pytest.raises(RefusedError, match=line[:20]):
        checksums.read(f"{HEX}\n{line}")
